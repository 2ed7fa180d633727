"""Which of the opcodes of ``totem_sdk.text_opcodes`` make a text or a list in the arena."""

__all__ = ["MAKING_TEXTS"]

MAKING_TEXTS = (
    *("slice", "recase", "json_text", "replace", "repeat", "pad", "join", "cut", "chr", "build", "format"),
    *("re_findall", "re_split"),
)
