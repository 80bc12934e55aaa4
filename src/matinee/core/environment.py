"""Values of settings that lie in files, and variables that name no setting."""

import os
from collections.abc import Container
from pathlib import Path

PREFIX = "MATINEE_"


class UnsafeSettings(ValueError):
    """Settings that would put paying viewers at risk; the process refuses to start."""


def read_files(known: Container[str]) -> dict[str, str]:
    """The contents of the files that `MATINEE_X_FILE` names, by the name of setting X.

    Raises:
        UnsafeSettings: a `MATINEE_*` variable names none of the settings that are known, a file
            cannot be read, or its value is given twice.
    """
    values: dict[str, str] = {}
    for variable, value in os.environ.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name in known:
            continue
        named = name.removesuffix("_file")
        if named == name or named not in known:
            raise UnsafeSettings(f"unknown setting {variable}")
        if variable.removesuffix("_FILE") in os.environ:
            raise UnsafeSettings(f"{variable} and {variable.removesuffix('_FILE')} are both set")
        try:
            values[named] = Path(value).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UnsafeSettings(f"{variable}: {error}") from None
    return values
