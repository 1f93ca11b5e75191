"""Say what was made by other code than today's, and fail if anything was: results, and the lab.

python -m tools.release_check
"""

import sys

from helpers.stored import load_result
from tools.digests import LAB_FACTS, changes_since, chapters, lab_changes, scripts


def stale(names: list[str]) -> list[str]:
    """A line for each result that has to be made anew, with the command that does it.

    Args:
        names: of scripts and chapters.
    """
    lines = []
    for name in names:
        try:
            changed = changes_since(load_result(name))
            problem = f"{' and '.join(changed)} changed since its result was stored"
        except ValueError as error:
            changed, problem = ["everything"], str(error)
        if changed:
            lines.append(f"{name}: {problem}. Renew it: make results ONLY={name}")
    return lines


def main() -> None:
    """Check every result."""
    names = [*scripts(), *chapters()]
    lines = stale(names)
    changed = lab_changes(LAB_FACTS)
    if changed:
        lines.append(f"lab: {' and '.join(changed)} changed since its networks were made: make lab")
    for line in lines:
        print(line)
    if lines:
        sys.exit(f"{len(lines)} of {len(names) + 1} have to be made anew.")
    print(f"All {len(names)} stored results and the lab were made by today's code and helpers.")


if __name__ == "__main__":
    main()
