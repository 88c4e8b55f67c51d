"""A browser that is driven through chromedriver, by the WebDriver protocol; nothing but the standard library."""
import base64
import json
import subprocess
import urllib.error
import urllib.request


class Browser:
    """Chromium without a window. `with Browser(folder) as browser:`; `folder` takes its profile and its log."""

    def __init__(self, folder):
        self.driver = subprocess.Popen(["chromedriver", "--port=0", f"--log-path={folder}/chromedriver.log"],
                                       stdout=subprocess.PIPE, text=True)
        self.session = None
        try:
            self.port = self._port()
            options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                                "--force-device-scale-factor=1", "--hide-scrollbars", "--window-size=1100,900",
                                f"--user-data-dir={folder}/profile"]}
            self.session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL"}}}})["sessionId"]
        except BaseException:
            self.close()
            raise

    def _port(self):
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                return int(line.rstrip().rstrip(".").rsplit(" ", 1)[1])
        raise RuntimeError("chromedriver did not start")

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            # A proxy of the environment is not asked for what is on this machine.
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=40) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {json.load(error)['value']['message']}") from None

    def call(self, method, path, body=None):
        return self._call(method, f"/session/{self.session}{path}", body)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            if self.session:
                self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """What a piece of JavaScript returns."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def console(self):
        """The messages since the last call."""
        return self.call("POST", "/se/log", {"type": "browser"})

    def keys(self, *keys):
        """Presses these one by one, where the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def hover(self, x, y):
        """The mouse goes to a place in the window."""
        move = {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}
        self.call("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [move]}]})

    def screenshot(self, file, whole=False):
        if whole:  # from top to bottom, not only the window
            size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
            picture = self.devtools("Page.captureScreenshot", captureBeyondViewport=True, clip={
                "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1})["data"]
        else:
            picture = self.call("GET", "/screenshot")
        with open(file, "wb") as out:
            out.write(base64.b64decode(picture))
