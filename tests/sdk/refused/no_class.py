from totem_sdk import TotemJob  # refused: no-job@1

LIMIT = 3
