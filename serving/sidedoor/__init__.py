"""Sidedoor tells a side-door invitation from talk about the rules and from work details."""

from sidedoor.analysis import Analysis, Decision, Evidence, Intent, Span
from sidedoor.analyzer import Analyzer
from sidedoor.errors import (
    BulkError,
    ConfigurationError,
    ExportError,
    InputError,
    MissingExtraError,
    ModelFolderError,
    PolicyError,
    SidedoorError,
)
from sidedoor.message import Message, Turn
from sidedoor.policy import Policy

__all__ = [
    "Analysis",
    "Analyzer",
    "BulkError",
    "ConfigurationError",
    "Decision",
    "Evidence",
    "ExportError",
    "InputError",
    "Intent",
    "Message",
    "MissingExtraError",
    "ModelFolderError",
    "Policy",
    "PolicyError",
    "SidedoorError",
    "Span",
    "Turn",
]
