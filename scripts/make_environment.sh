#!/bin/sh
# Makes the virtual environment at $1 with the first Python 3.11 or 3.12 found, and installs the project into it.
# Called by `make setup`; the lock keeps it fast and the same everywhere.
set -eu
venv=$1

usable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' >/dev/null 2>&1
}

if [ ! -x "$venv/bin/python" ] || ! usable "$venv/bin/python"; then
    found=
    for candidate in python3 python3.12 python3.11; do
        if usable "$candidate"; then found=$candidate; break; fi
    done
    if [ -z "$found" ]; then
        echo "make setup: TOTEM needs Python 3.11 or 3.12 with its venv module, and none of python3, python3.12," \
            "python3.11 on the PATH is that. Install one (Debian: apt install python3.11 python3.11-venv) and run" \
            "make again." >&2
        exit 1
    fi
    echo "Making $venv with $($found --version)"
    rm -rf "$venv"
    "$found" -m venv "$venv"
fi

pip() { "$venv/bin/python" -m pip --disable-pip-version-check --quiet "$@"; }

# A newer pip than Python's own halves the time, and so does installing the lock as it is, without resolving. The last
# step resolves nothing new: it checks the lock against pyproject.toml and installs the project itself, with the
# compiler that is there already instead of a second, isolated copy (90 MB).
echo "Installing (about a minute with an empty cache)"
pip install --no-compile 'pip>=26,<27'
pip install --no-compile --no-deps -r requirements/lock.txt
pip install --no-compile --no-build-isolation -c requirements/lock.txt -e '.[dev]'
echo "Ready: $("$venv/bin/python" --version), totem-platform $("$venv/bin/python" -c 'from importlib.metadata import version; print(version("totem-platform"))')"
