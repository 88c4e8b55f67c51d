# Sourced by the scripts that need Debian packages. See install_packages below.

# What the library, the l2l command, the examples and the tests need.
packages=(g++ cmake ninja-build pkgconf catch2 libopenblas-dev libcli11-dev nlohmann-json3-dev zlib1g-dev
          libstb-dev libexif-dev libcpp-httplib-dev gnuplot-nox dataset-fashion-mnist)

# install_packages PACKAGE...
# Makes sure that the packages are there, and exits with 3 and says what to do if it cannot. With nothing missing it
# leaves apt alone, so it works offline and for an ordinary user.
install_packages() {
  if ! command -v apt-get >/dev/null || ! grep -qsE '^ID(_LIKE)?=.*debian' /etc/os-release; then
    echo "This is not Debian. Needed is what these Debian packages hold: $*" >&2
    exit 3
  fi
  local package missing=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null) == ii* ]] || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0

  local as_root=()
  if [[ $(id -u) != 0 ]]; then
    as_root=(sudo -n)
    if ! sudo -n true 2>/dev/null; then
      echo "Packages are missing. As root run: apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
      exit 3
    fi
  fi
  echo "Installing ${missing[*]} (a minute or two)"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -o Dpkg::Use-Pty=0 --no-install-recommends "${missing[@]}" |
    sed -un 's/^Setting up \([^ ]*\).*/  \1/p'
}
