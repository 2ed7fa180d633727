/* Case and white space by the pinned table (abstract machine, §8). */
#include "runtime.h"
#include "unicode_table.h"

#define LOOKUP(table, code) (table##_CELLS[table##_PAGES[(code) / PAGE] * PAGE + (code) % PAGE])

int is_space(u32 code) {
    if (code < 0x80) return code == 0x20 || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f);
    return LOOKUP(PROPERTIES, code) & SPACE;
}

static int is_cased(u32 code) { return LOOKUP(PROPERTIES, code) & CASED; }
static int is_ignorable(u32 code) { return LOOKUP(PROPERTIES, code) & IGNORABLE; }

/* Writes a code point as UTF-8 and returns how many bytes it took; 0 if there is no room. */
static u32 put_code(u8 *to, u32 room, u32 code) {
    u32 size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (size > room) return 0;
    if (size == 1) {
        to[0] = (u8)code;
        return 1;
    }
    for (u32 i = size - 1; i > 0; i--) {
        to[i] = (u8)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    to[0] = (u8)((0xf00 >> size) | code);
    return size;
}

/* Whether a sigma ends a word: a cased character before it and none after it, ignorable ones left out. */
static int is_final_sigma(const u8 *start, const u8 *before, const u8 *after, const u8 *end) {
    u32 code = 0;
    while (before > start && is_ignorable(code = previous_code(&before))) code = 0;
    if (!code || !is_cased(code)) return 0;
    code = 0;
    while (after < end && is_ignorable(code = next_code(&after))) code = 0;
    return !code || !is_cased(code);
}

/* Writes what a cell of a case table makes of a code point; returns where the text goes on, 0 if there is no room. */
static u8 *put_mapped(u8 *to, const u8 *limit, u32 code, u32 cell) {
    u32 single[3] = {code, 0, 0};
    const u32 *codes = single;
    if (cell >= SPECIAL) codes = SPECIALS[cell - SPECIAL];
    else single[0] = code + (u32)OFFSETS[cell];
    for (int i = 0; i < 3 && (i == 0 || codes[i]); i++) {
        u32 size = put_code(to, (u32)(limit - to), codes[i]);
        if (!size) return 0;
        to += size;
    }
    return to;
}

enum { TITLE_CASE, CAPITALIZED, SWAPPED };

/* A character of a text in lower case. */
static u8 *put_lower(u8 *to, const u8 *limit, u32 code, const u8 *start, const u8 *here, const u8 *p, const u8 *end) {
    if (code == 0x3a3) return put_mapped(to, limit, is_final_sigma(start, here, p, end) ? 0x3c2 : 0x3c3, 0);
    return put_mapped(to, limit, code, LOOKUP(LOWER, code));
}

/* str.title, str.capitalize or str.swapcase. */
EXPORT(text_recase) text text_recase(text t, i32 how, u32 where, u32 room) {
    const u8 *start = text_start(t), *end = start + text_size(t), *p = start;
    u8 *to = (u8 *)where, *limit = to + room;
    int inside = 0;
    while (p < end) {
        const u8 *here = p;
        u32 code = next_code(&p), classes = LOOKUP(CLASSES, code);
        if (how == SWAPPED ? classes & UPPERCASE : inside) to = put_lower(to, limit, code, start, here, p, end);
        else if (how == SWAPPED) to = put_mapped(to, limit, code, classes & LOWERCASE ? LOOKUP(UPPER, code) : 0);
        else to = put_mapped(to, limit, code, LOOKUP(TITLE, code));
        if (!to) return NO_ROOM;
        inside = how == CAPITALIZED || (classes & WITH_CASE);
    }
    return text_of((u8 *)where, (u32)(to - (u8 *)where));
}

enum { ALNUM, ALPHABETIC, ASCII, DECIMALS, DIGIT, LOWER_ONLY, NUMBERS, BLANK, UPPER_ONLY };

/* str.isalnum and its like: what every character has to be, of which there must be one. */
EXPORT(text_is) int text_is(text t, i32 test) {
    static const u32 EVERY[] = {[ALNUM] = ALPHA | DECIMAL | DIGITS | NUMERIC, [ALPHABETIC] = ALPHA,
                                [DECIMALS] = DECIMAL, [DIGIT] = DIGITS, [NUMBERS] = NUMERIC};
    const u8 *p = text_start(t), *end = p + text_size(t);
    int cased = 0;
    if (test == ASCII) {
        for (; p < end; p++)
            if (*p >= 0x80) return 0;
        return 1;
    }
    if (p == end) return 0;
    while (p < end) {
        u32 code = next_code(&p), classes = LOOKUP(CLASSES, code);
        if (test == BLANK) {
            if (!is_space(code)) return 0;
        } else if (test == LOWER_ONLY || test == UPPER_ONLY) {
            u32 wanted = test == LOWER_ONLY ? LOWERCASE : UPPERCASE;
            if (classes & (LOWERCASE | UPPERCASE | TITLECASE) & ~wanted) return 0;
            cased |= (classes & wanted) != 0;
        } else if (!(classes & EVERY[test])) {
            return 0;
        }
    }
    return test == LOWER_ONLY || test == UPPER_ONLY ? cased : 1;
}

EXPORT(code_text) text code_text(i64 code, u32 where, u32 room) {
    u32 size = put_code((u8 *)where, room, (u32)code);
    return size ? text_of((u8 *)where, size) : NO_ROOM;
}

EXPORT(text_lower) text text_lower(text t, u32 where, u32 room) {
    const u8 *start = text_start(t), *end = start + text_size(t), *p = start;
    u8 *to = (u8 *)where, *limit = to + room;
    while (p < end) {
        const u8 *here = p;
        u32 code = *p;
        if (code < 0x80) {
            if (to == limit) return NO_ROOM;
            p++;
            *to++ = (u8)(code >= 'A' && code <= 'Z' ? code + 32 : code);
            continue;
        }
        code = next_code(&p);
        to = put_lower(to, limit, code, start, here, p, end);
        if (!to) return NO_ROOM;
    }
    return text_of((u8 *)where, (u32)(to - (u8 *)where));
}

EXPORT(text_upper) text text_upper(text t, u32 where, u32 room) {
    const u8 *p = text_start(t), *end = p + text_size(t);
    u8 *to = (u8 *)where, *limit = to + room;
    while (p < end) {
        u32 code = *p;
        if (code < 0x80) {
            if (to == limit) return NO_ROOM;
            p++;
            *to++ = (u8)(code >= 'a' && code <= 'z' ? code - 32 : code);
            continue;
        }
        code = next_code(&p);
        to = put_mapped(to, limit, code, LOOKUP(UPPER, code));
        if (!to) return NO_ROOM;
    }
    return text_of((u8 *)where, (u32)(to - (u8 *)where));
}
