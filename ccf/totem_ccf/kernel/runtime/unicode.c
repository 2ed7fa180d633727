/* Case and white space by the pinned table (abstract machine, §8). */
#include "runtime.h"
#include "unicode_table.h"

int is_space(u32 code) {
    if (code < 0x80) return code == 0x20 || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f);
    for (u32 i = 0; i < sizeof SPACE_RUNS / sizeof *SPACE_RUNS; i++)
        if (code >= SPACE_RUNS[i].first && code <= SPACE_RUNS[i].last) return 1;
    return 0;
}

static int among(u32 code, const run *runs, u32 count) {
    u32 low = 0, high = count;
    while (low < high) {
        u32 middle = (low + high) / 2;
        if (code > runs[middle].last) low = middle + 1;
        else high = middle;
    }
    return low < count && code >= runs[low].first;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int is_cased(u32 code) { return among(code, CASED_RUNS, COUNT(CASED_RUNS)); }
static int is_ignorable(u32 code) { return among(code, IGNORABLE_RUNS, COUNT(IGNORABLE_RUNS)); }

static u32 mapped(u32 code, const case_run *runs, u32 count) {
    u32 low = 0, high = count;
    while (low < high) {
        u32 middle = (low + high) / 2;
        if (code > runs[middle].last) low = middle + 1;
        else high = middle;
    }
    if (low == count || code < runs[low].first || (code - runs[low].first) % runs[low].stride) return code;
    return code + (u32)runs[low].offset;
}

static const special *special_of(u32 code, const special *table, u32 count) {
    u32 low = 0, high = count;
    while (low < high) {
        u32 middle = (low + high) / 2;
        if (code > table[middle].code) low = middle + 1;
        else high = middle;
    }
    return low < count && table[low].code == code ? &table[low] : 0;
}

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
        const special *several = special_of(code, LOWER_SPECIAL, COUNT(LOWER_SPECIAL));
        u32 codes[3] = {0, 0, 0};
        if (several) {
            for (int i = 0; i < 3; i++) codes[i] = several->to[i];
        } else if (code == 0x3a3) {
            codes[0] = is_final_sigma(start, here, p, end) ? 0x3c2 : 0x3c3;
        } else {
            codes[0] = mapped(code, LOWER_RUNS, COUNT(LOWER_RUNS));
        }
        for (int i = 0; i < 3 && codes[i]; i++) {
            u32 size = put_code(to, (u32)(limit - to), codes[i]);
            if (!size) return NO_ROOM;
            to += size;
        }
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
        const special *several = special_of(code, UPPER_SPECIAL, COUNT(UPPER_SPECIAL));
        u32 single[3] = {several ? 0 : mapped(code, UPPER_RUNS, COUNT(UPPER_RUNS)), 0, 0};
        const u32 *codes = several ? several->to : single;
        for (int i = 0; i < 3 && codes[i]; i++) {
            u32 size = put_code(to, (u32)(limit - to), codes[i]);
            if (!size) return NO_ROOM;
            to += size;
        }
    }
    return text_of((u8 *)where, (u32)(to - (u8 *)where));
}
