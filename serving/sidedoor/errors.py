"""The errors that Sidedoor raises on purpose.

    SidedoorError
    ├── InputError          a message, a row or a file that can't be read as what it should be
    ├── ModelFolderError    a model folder that is missing, damaged or of another format
    ├── PolicyError         a policy file that breaks its schema or names unknown labels
    ├── ConfigurationError  a recipe, a label file or a setting that breaks its schema
    ├── ExportError         an exported model that differs from its original by more than allowed
    ├── BulkError           a bulk run some of whose parts could not be analysed
    └── MissingExtraError   a part whose optional packages are not installed

Each text says what is wrong, where, and what to do. None holds any of a message's text.
The command line turns every one into its text on standard error and exit code 2.
"""


class SidedoorError(Exception):
    """Base of all errors that Sidedoor raises on purpose."""


class InputError(SidedoorError):
    """A message, a row or a file that can't be read as what it should be."""


class ModelFolderError(SidedoorError):
    """A model folder that is missing, damaged or of another format."""


class PolicyError(SidedoorError):
    """A policy file that breaks its schema or names unknown labels."""


class ConfigurationError(SidedoorError):
    """A recipe, a label file or a setting that breaks its schema."""


class ExportError(SidedoorError):
    """An exported model that differs from its original by more than its recipe allows."""


class BulkError(SidedoorError):
    """A bulk run some of whose parts could not be analysed; a rerun goes on with them."""


class MissingExtraError(SidedoorError):
    """A part of Sidedoor whose optional packages are not installed."""

    def __init__(self, extra: str, missing: str) -> None:
        super().__init__(
            f"the package {missing!r} is not installed; install it with: "
            f"pip install 'sidedoor[{extra}]'"
        )
