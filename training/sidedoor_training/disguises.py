"""Disguises for the refill; the code is `sidedoor.disguises`, which evaluation uses too."""

from sidedoor.disguises import CONTACT_TYPES, DISGUISES, Disguise, applicable, disguise

__all__ = ["CONTACT_TYPES", "DISGUISES", "Disguise", "applicable", "disguise"]
