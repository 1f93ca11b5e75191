#!/bin/sh
# Prints the first Python found whose version will do: find_python.sh PYTHON 3.11 3.12 3.13
# The first argument names a variable that may hold the Python to take; where it is empty, python3,
# python3.X and python on the path are looked at, and pyenv's versions. Where none will do the
# script says what it saw and what to install, and exits with 1.

variable=$1
eval "chosen=\${$variable:-}"
shift
versions="$*"
seen=""
without_venv=""

version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

try() {
    version=$(version_of "$1") || return 1
    for wanted in $versions; do
        if [ "$version" = "$wanted" ]; then
            if "$1" -c 'import venv, ensurepip' 2>/dev/null; then
                "$1" -c 'import sys; print(sys.executable)'
                exit 0
            fi
            [ -n "$without_venv" ] || without_venv="$1 (Python $version)"
            venv_package="python$version-venv"
            return 1
        fi
    done
    seen="$seen $1 is $version;"
    return 1
}

if [ -n "$chosen" ]; then
    try "$chosen" || [ -n "$seen$without_venv" ] || seen=" $variable=$chosen does not run;"
else
    for wanted in "" $versions; do
        try "python3${wanted#3}"
    done
    try python
    if command -v pyenv >/dev/null 2>&1; then
        for wanted in $versions; do
            for candidate in "$(pyenv root)/versions/$wanted".*/bin/python; do
                [ -x "$candidate" ] && try "$candidate"
            done
        done
    fi
fi

if [ -n "$without_venv" ]; then
    echo "$without_venv lacks the module venv, which makes environments." >&2
    echo "On Debian and Ubuntu: sudo apt install $venv_package" >&2
else
    echo "This needs a Python of version $(echo "$versions" | sed 's/ / or /g'). Found:${seen:- none;}" >&2
    echo "Install one (https://www.python.org/downloads/, or your package manager's python${versions##* })," >&2
    echo "or name one that is elsewhere: make $variable=/where/it/is/python${versions##* } …" >&2
fi
exit 1
