"""Opens the page of l2l watch in a headless Chromium, by chromedriver's WebDriver protocol, and checks what it shows.

    python3 watch_page.py URL [FOLDER]      FOLDER: screenshots go there

Exit code 0: all is well; 77: there is no browser that can be driven.
"""

import base64
import json
import shutil
import subprocess
import sys
import time
import urllib.request

url, folder = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
if not shutil.which("chromedriver") or not shutil.which("chromium"):
    sys.exit(77)
driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
try:
    port = next(line.split()[-1].rstrip(".") for line in driver.stdout if "started successfully" in line)

    def call(method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"},
                                         method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                        "--window-size=1000,1100"]}
    try:
        session = call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
    except urllib.error.HTTPError as error:
        print("no session:", error.read()[:300])
        sys.exit(77)
    base = f"/session/{session['sessionId']}"
    try:
        def script(text):
            return call("POST", base + "/execute/sync", {"script": text, "args": []})

        def devtools(command, **parameters):
            return call("POST", base + "/goog/cdp/execute", {"cmd": command, "params": parameters})

        def wait_for(condition, what):
            for _ in range(200):
                if script("return " + condition):
                    return
                time.sleep(0.1)
            raise SystemExit(f"{what}: {script('return document.body.innerText')}")

        def screenshot(name):
            if folder:
                with open(f"{folder}/{name}.png", "wb") as file:
                    file.write(base64.b64decode(call("GET", base + "/screenshot")))

        call("POST", base + "/url", {"url": url})
        wait_for("document.querySelectorAll('canvas').length > 0", "nothing is drawn")
        wait_for("document.getElementById('connection').textContent === 'Live'", "no connection")
        for theme in ("light", "dark"):
            devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
            time.sleep(0.3)
            screenshot(theme)
        paper = script("return getComputedStyle(document.body).backgroundColor")
        assert paper == "rgb(22, 24, 27)", paper
        # By keyboard: the cursor's values are told.
        script("document.querySelector('.chart').focus()")
        before = script("return document.querySelector('.legend').innerText")
        script("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Home'}))")
        after = script("return document.querySelector('.legend').innerText")
        assert before != after and "(meta-epoch 1)" in after, after
        # On a narrow screen nothing is wider than it is.
        devtools("Emulation.setDeviceMetricsOverride", width=340, height=900, deviceScaleFactor=1, mobile=True)
        time.sleep(0.5)
        wide = script("return document.documentElement.scrollWidth")
        assert wide <= 340, wide
        screenshot("narrow")
        # What is in a name is text. (The test has a run that is called so.)
        assert script("return document.querySelectorAll('article b, article img').length") == 0
        errors = [entry for entry in call("POST", base + "/se/log", {"type": "browser"})]
        assert not errors, errors
    finally:
        call("DELETE", base)
finally:
    driver.terminate()
    driver.wait()
