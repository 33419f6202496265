#!/bin/sh
# Make the virtual environment and install the locked requirements: bootstrap.sh runtime|dev
# Instant when nothing has changed since the last time.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-runtime}
case $kind in
    runtime) lock=requirements.txt ;;
    dev) lock=requirements-dev.txt ;;
    *) echo "usage: $0 runtime|dev" >&2; exit 2 ;;
esac

say() { printf '%s\n' "$*" >&2; }

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for name in ${PYTHON3:-} python3 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 && new_enough "$name"; then
            command -v "$name"
            return 0
        fi
    done
    say "Switchboard needs Python 3.11 or newer; found: $(python3 --version 2>/dev/null || echo none)."
    say "Install it (Debian, Ubuntu: apt-get install python3 python3-venv) or name it: make run PYTHON3=/path/to/python3.12"
    return 1
}

# Debian splits venv off python3. As root we install it; otherwise we say what to install.
ensure_venv() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1 && return 0
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    package="python${version}-venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing $package"
        apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$package" >&2 && return 0
    fi
    say "This Python cannot make virtual environments. Install $package (apt-get install $package) and run again."
    return 1
}

make_venv() {
    if [ -x .venv/bin/python ] && new_enough .venv/bin/python; then
        return 0
    fi
    python=$(find_python) || return 1
    ensure_venv "$python" || return 1
    say "Making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
}

# uv takes seconds where pip takes most of a minute; where it cannot (another package source
# than pip's, an old version), pip does it.
install() {
    say "Installing $lock (once; about a minute)"
    if command -v uv >/dev/null 2>&1 &&
        uv pip install --quiet --python .venv/bin/python --require-hashes -r "$lock" 2>/dev/null; then
        return 0
    fi
    .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-input \
        --require-hashes -r "$lock"
}

sum_of() { cksum <"$1"; }

is_installed() {
    [ -x .venv/bin/python ] && [ -f ".venv/.$1" ] && [ "$(cat ".venv/.$1")" = "$(sum_of "$2")" ]
}

is_installed "$kind" "$lock" && new_enough .venv/bin/python && exit 0
make_venv
install
sum_of "$lock" >".venv/.$kind"
# the development set contains the runtime set, pin for pin
[ "$kind" = dev ] && sum_of requirements.txt >.venv/.runtime
exit 0
