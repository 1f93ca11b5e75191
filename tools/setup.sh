#!/bin/sh
# Makes .venv: the packages of requirements.txt with their hashes checked, then this package.
# Does nothing where that has been done already.
set -eu
cd "$(dirname "$0")/.."

made_by_make=.venv/made-by-make
packages_done=.venv/packages-done
helpers_done=.venv/helpers-done
packages_key="$(pwd -P) $(cksum <requirements.txt)"
helpers_key=$(cksum <pyproject.toml)

done_already() {
    [ -x .venv/bin/python ] && [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]
}

if [ -n "${PYTHON:-}" ]; then
    chosen=$(sh tools/find_python.sh PYTHON 3.11 3.12 3.13)
    # Another Python than the one the environment was made with asks for another environment.
    [ ! -f "$made_by_make" ] || [ "$(cat "$made_by_make")" = "$chosen" ] || rm -f "$packages_done"
fi
if ! done_already "$packages_done" "$packages_key"; then
    if [ -e .venv ] && [ ! -f "$made_by_make" ]; then
        echo "There is a .venv here that make did not make. Move it away, then run make again." >&2
        exit 1
    fi
    python=$(sh tools/find_python.sh PYTHON 3.11 3.12 3.13)
    echo "Setting up .venv with $("$python" --version): about 3 GB, a few minutes, once."
    rm -rf .venv
    mkdir .venv
    echo "$python" >"$made_by_make"
    "$python" -m venv .venv
    .venv/bin/python -m pip install --quiet --require-hashes -r requirements.txt
    echo "$packages_key" >"$packages_done"
fi
if ! done_already "$helpers_done" "$helpers_key"; then
    .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
    echo "$helpers_key" >"$helpers_done"
fi
