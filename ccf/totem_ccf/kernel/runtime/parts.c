/* Parts of texts, and texts made of texts (abstract machine, §8 and §9). */
#include "search.h"

/* The place of a character, counted from `p`; `end` if there are fewer. */
static const u8 *forward(const u8 *p, const u8 *end, u64 characters) {
    while (characters && p < end) {
        p++;
        while (p < end && (*p & 0xc0) == 0x80) p++;
        characters--;
    }
    return p;
}

/* The character at a position, which counts from the end if it is negative; NO_ROOM if there is none. */
EXPORT(text_at) text text_at(text t, i64 position) {
    const u8 *start = text_start(t), *end = start + text_size(t), *p = start;
    if (position >= 0) {
        p = forward(start, end, (u64)position);
        if (p == end) return NO_ROOM;
    } else {
        p = end;
        for (u64 back = 0 - (u64)position; back; back--) {
            if (p == start) return NO_ROOM;
            previous_code(&p);
        }
    }
    const u8 *next = p;
    next_code(&next);
    return text_of(p, (u32)(next - p));
}

static i64 bounded(i64 position, i64 length, i64 low, i64 high) {
    if (position < 0) position += length;
    return position < low ? low : position > high ? high : position;
}

/* Characters from start to stop, each `step`-th: with a step of 1 a part of the text itself, else a text that is made. */
EXPORT(text_slice) text text_slice(text t, i64 start, i64 stop, i64 step, u32 where, u32 room) {
    const u8 *p = text_start(t), *end = p + text_size(t);
    i64 length = text_length(t);
    if (step > 0) {
        start = bounded(start, length, 0, length);
        stop = bounded(stop, length, 0, length);
        if (start >= stop) return text_of(p, 0);
        p = forward(p, end, (u64)start);
        if (step == 1) return text_of(p, (u32)(forward(p, end, (u64)(stop - start)) - p));
    } else {
        start = bounded(start, length, -1, length - 1);
        stop = bounded(stop, length, -1, length - 1);
        if (start <= stop) return text_of(p, 0);
        p = forward(p, end, (u64)start);
    }
    u8 *to = (u8 *)where, *limit = to + room;
    i64 left = step > 0 ? stop - start : start - stop;
    u64 gap = step > 0 ? (u64)step : 0 - (u64)step;
    for (;;) {
        const u8 *next = p;
        next_code(&next);
        if ((u32)(limit - to) < (u32)(next - p)) return NO_ROOM;
        while (p < next) *to++ = *p++;
        if ((u64)left <= gap) break;
        left -= (i64)gap;
        if (step > 0) {
            p = forward(next, end, gap - 1);
        } else {
            /* p stands behind the character that was taken. */
            for (u64 back = gap + 1; back; back--)
                while ((*--p & 0xc0) == 0x80) {}
        }
    }
    return text_of((u8 *)where, (u32)(to - (u8 *)where));
}

EXPORT(text_remove) text text_remove(text t, text affix, i32 at_end) {
    u32 size = text_size(affix), whole = text_size(t);
    if (size > whole) return t;
    const u8 *p = text_start(t), *q = text_start(affix), *there = at_end ? p + (whole - size) : p;
    for (u32 i = 0; i < size; i++)
        if (there[i] != q[i]) return t;
    return text_of(at_end ? p : p + size, whole - size);
}

/* Whether a character is in a set (`charsets.py`): a bit of low or high below 128, else among others, which are in order. */
static int is_one_of(u32 code, u64 low, u64 high, text others) {
    if (code < 128) return (code < 64 ? low >> code : high >> (code - 64)) & 1;
    const u8 *from = text_start(others), *to = from + text_size(others);
    while (from < to) {
        const u8 *middle = from + (to - from) / 2;
        while ((*middle & 0xc0) == 0x80) middle--;
        const u8 *next = middle;
        u32 found = next_code(&next);
        if (found == code) return 1;
        if (found < code) from = next;
        else to = middle;
    }
    return 0;
}

/* Without the characters of a set on the left (side & 1) and on the right (side & 2). */
EXPORT(text_strip_of) text text_strip_of(text t, text others, u64 low, u64 high, i32 side) {
    const u8 *start = text_start(t), *end = start + text_size(t);
    while ((side & 1) && start < end) {
        const u8 *next = start;
        if (!is_one_of(next_code(&next), low, high, others)) break;
        start = next;
    }
    while ((side & 2) && start < end) {
        const u8 *previous = end;
        if (!is_one_of(previous_code(&previous), low, high, others)) break;
        end = previous;
    }
    return text_of(start, (u32)(end - start));
}

static u64 within_memory(u64 size) { return size < MEMORY_BYTES ? size : MEMORY_BYTES; }

EXPORT(repeated_bytes) i64 repeated_bytes(text t, i64 times) {
    return times <= 0 ? 0 : (i64)within_memory(within_memory((u64)times) * text_size(t));
}

EXPORT(text_repeat) text text_repeat(text t, i64 times, u32 where, u32 room) {
    u8 *to = (u8 *)where;
    u32 size = text_size(t);
    if (times <= 0 || !size) return text_of(to, 0);
    if ((u64)times > room || (u64)times * size > room) return NO_ROOM;
    u32 whole = (u32)times * size, made = size;
    copy_bytes(to, text_start(t), size);
    for (; made < whole; made *= 2) copy_bytes(to + made, to, made < whole - made ? made : whole - made);
    return text_of(to, whole);
}

static u64 missing(i64 width, i64 length) { return width > length ? (u64)width - (u64)length : 0; }

EXPORT(padded_bytes) i64 padded_bytes(text t, i64 width, text fill, i64 length) {
    return (i64)within_memory(text_size(t) + within_memory(missing(width, length)) * text_size(fill));
}

enum { LJUST, RJUST, CENTER, ZFILL };

static u8 *put_fill(u8 *to, text fill, u64 times) {
    for (; times; times--) {
        copy_bytes(to, text_start(fill), text_size(fill));
        to += text_size(fill);
    }
    return to;
}

EXPORT(text_pad) text text_pad(text t, i64 width, text fill, i64 length, i32 how, u32 where, u32 room) {
    u64 gap = missing(width, length), left = how == LJUST ? 0 : gap;
    u32 size = text_size(t);
    if (gap > room || size + gap * text_size(fill) > room) return NO_ROOM;
    if (how == CENTER) left = gap / 2 + (gap & (u64)width & 1);
    const u8 *p = text_start(t);
    u8 *to = (u8 *)where;
    if (how == ZFILL && size && (*p == '+' || *p == '-')) {
        *to++ = *p++;
        size--;
    }
    to = put_fill(to, fill, left);
    copy_bytes(to, p, size);
    to = put_fill(to + size, fill, gap - left);
    return text_of((u8 *)where, (u32)(to - (u8 *)where));
}

static u64 joined_size(text separator, u64 list) {
    const word *items = (const word *)text_start(list);
    u32 count = text_size(list);
    u64 size = count > 1 ? (u64)(count - 1) * text_size(separator) : 0;
    for (u32 i = 0; i < count; i++) size += text_size(items[i]);
    return size;
}

EXPORT(joined_bytes) i64 joined_bytes(text separator, u64 list) {
    return (i64)(within_memory(joined_size(separator, list)) + 8ull * text_size(list));
}

EXPORT(text_join) text text_join(text separator, u64 list, u32 where, u32 room) {
    const word *items = (const word *)text_start(list);
    u8 *to = (u8 *)where;
    if (joined_size(separator, list) > room) return NO_ROOM;
    for (u32 i = 0; i < text_size(list); i++) {
        if (i) {
            copy_bytes(to, text_start(separator), text_size(separator));
            to += text_size(separator);
        }
        copy_bytes(to, text_start(items[i]), text_size(items[i]));
        to += text_size(items[i]);
    }
    return text_of((u8 *)where, (u32)(to - (u8 *)where));
}

typedef struct {
    word *items;
    u32 count, room;
} cuts;

static int add_cut(cuts *found, const u8 *start, const u8 *end) {
    if (found->count == found->room) return 0;
    found->items[found->count++] = text_of(start, (u32)(end - start));
    return 1;
}

static const u8 *skip(const u8 *p, const u8 *end, int spaces) {
    while (p < end) {
        const u8 *next = p;
        if (is_space(next_code(&next)) != spaces) break;
        p = next;
    }
    return p;
}

static const u8 *skip_back(const u8 *start, const u8 *p, int spaces) {
    while (p > start) {
        const u8 *previous = p;
        if (is_space(previous_code(&previous)) != spaces) break;
        p = previous;
    }
    return p;
}

static int is_line_end(u32 code) {
    return (code >= 0x0a && code <= 0x0d) || (code >= 0x1c && code <= 0x1e) || code == 0x85 || code == 0x2028 ||
           code == 0x2029;
}

static int cut_lines(cuts *found, const u8 *p, const u8 *end) {
    const u8 *start = p;
    while (p < end) {
        const u8 *here = p;
        u32 code = next_code(&p);
        if (!is_line_end(code)) continue;
        if (code == '\r' && p < end && *p == '\n') p++;
        if (!add_cut(found, start, here)) return 0;
        start = p;
    }
    return start == end || add_cut(found, start, end);
}

static int cut_characters(cuts *found, const u8 *p, const u8 *end) {
    while (p < end) {
        const u8 *here = p;
        next_code(&p);
        if (!add_cut(found, here, p)) return 0;
    }
    return 1;
}

static int cut_words(cuts *found, const u8 *p, const u8 *end, i64 limit) {
    for (p = skip(p, end, 1); p < end; p = skip(p, end, 1)) {
        if (limit-- == 0) return add_cut(found, p, end);
        const u8 *start = p;
        p = skip(p, end, 0);
        if (!add_cut(found, start, p)) return 0;
    }
    return 1;
}

static int cut_words_back(cuts *found, const u8 *start, const u8 *p, i64 limit) {
    for (p = skip_back(start, p, 1); p > start; p = skip_back(start, p, 1)) {
        if (limit-- == 0) return add_cut(found, start, p);
        const u8 *end = p;
        p = skip_back(start, p, 0);
        if (!add_cut(found, p, end)) return 0;
    }
    return 1;
}

static int cut_at(cuts *found, text t, text separator, i64 limit) {
    const u8 *start = text_start(t), *p = start;
    wanted_text w = wanted_of(separator, 0);
    for (u32 place = 0; limit-- && (place = next_place(&w, t, place)) != NOWHERE;) {
        if (!add_cut(found, p, start + place)) return 0;
        place += w.size;
        p = start + place;
    }
    return add_cut(found, p, start + text_size(t));
}

static int cut_back_at(cuts *found, text t, text separator, i64 limit) {
    const u8 *end = text_start(t) + text_size(t), *p = end;
    wanted_text w = wanted_of(separator, 1);
    for (u32 place = 0; limit-- && (place = next_place(&w, t, place)) != NOWHERE;) {
        if (!add_cut(found, end - place, p)) return 0;
        place += w.size;
        p = end - place;
    }
    return add_cut(found, text_start(t), p);
}

enum { SPLIT, RSPLIT, LINES, CHARACTERS };

/* The parts of a text: between separators (an empty one: white space) from the left or the right, at most `limit` cuts
 * (-1: any number); its lines; its characters. */
EXPORT(text_cut) u64 text_cut(text t, text separator, i64 limit, i32 how, u32 where, u32 room) {
    cuts found = {(word *)where, 0, room / 8};
    const u8 *start = text_start(t), *end = start + text_size(t);
    int done;
    if (how == LINES) done = cut_lines(&found, start, end);
    else if (how == CHARACTERS) done = cut_characters(&found, start, end);
    else if (text_size(separator)) done = (how == SPLIT ? cut_at : cut_back_at)(&found, t, separator, limit);
    else done = (how == SPLIT ? cut_words : cut_words_back)(&found, start, end, limit);
    if (!done) return NO_ROOM;
    for (u32 i = 0; how == RSPLIT && i < found.count / 2; i++) {
        u64 item = found.items[i];
        found.items[i] = found.items[found.count - 1 - i];
        found.items[found.count - 1 - i] = item;
    }
    return text_of((u8 *)where, found.count);
}

/* The code point of a text of one character, else -1. */
EXPORT(text_code) i64 text_code(text t) {
    const u8 *p = text_start(t), *end = p + text_size(t);
    if (p == end) return -1;
    u32 code = next_code(&p);
    return p == end ? (i64)code : -1;
}
