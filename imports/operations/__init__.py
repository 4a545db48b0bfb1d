"""What changes about imports: who may be imported, who is meant, the run and its steps."""

from imports.operations.preparing import (
    File,
    choose_notice,
    discard_import,
    name_people,
    prepare_import,
)
from imports.operations.running import start_import, take_import_step
from imports.operations.switching import switch_import

__all__ = [
    "File",
    "choose_notice",
    "discard_import",
    "name_people",
    "prepare_import",
    "start_import",
    "switch_import",
    "take_import_step",
]
