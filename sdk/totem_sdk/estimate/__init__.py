"""What a program will cost on data of which only published statistics are known."""

from totem_sdk.estimate.gates import phase_lower_bound

__all__ = ["phase_lower_bound"]
