/* Numbers, bools and dates as texts (abstract machine, §8), and the parts of dates. */
#include "runtime.h"

static u8 *put_number(u8 *to, u64 value, int width) {
    u8 digits[20];
    int count = 0;
    do {
        digits[count++] = (u8)('0' + value % 10);
        value /= 10;
    } while (value || count < width);
    while (count) *to++ = digits[--count];
    return to;
}

/* Copies a text that was written in scratch memory to where it belongs. */
static text placed(const u8 *start, const u8 *end, u32 where, u32 room) {
    u32 size = (u32)(end - start);
    if (size > room) return NO_ROOM;
    copy_bytes((u8 *)where, start, size);
    return text_of((u8 *)where, size);
}

EXPORT(int_text) text int_text(i64 value, u32 where, u32 room) {
    u8 written[24], *to = written;
    if (value < 0) *to++ = '-';
    to = put_number(to, value < 0 ? 0 - (u64)value : (u64)value, 1);
    return placed(written, to, where, room);
}

EXPORT(bool_text) text bool_text(i32 value, u32 where, u32 room) {
    const char *word = value ? "True" : "False";
    return placed((const u8 *)word, (const u8 *)word + (value ? 4 : 5), where, room);
}

/* The day of the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms"). */
typedef struct {
    i64 year, month, day;
} civil;

static civil civil_of(i64 days) {
    days += 719468;
    i64 era = (days >= 0 ? days : days - 146096) / 146097;
    i64 of_era = days - era * 146097;
    i64 year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    i64 of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    i64 shifted = (5 * of_year + 2) / 153;
    i64 month = shifted + (shifted < 10 ? 3 : -9);
    civil date = {year_of_era + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1};
    return date;
}

EXPORT(date_year) i64 date_year(i64 days) { return civil_of(days).year; }
EXPORT(date_month) i64 date_month(i64 days) { return civil_of(days).month; }
EXPORT(date_day) i64 date_day(i64 days) { return civil_of(days).day; }

static u8 *put_date(u8 *to, i64 days) {
    civil date = civil_of(days);
    to = put_number(to, (u64)date.year, 4);
    *to++ = '-';
    to = put_number(to, (u64)date.month, 2);
    *to++ = '-';
    return put_number(to, (u64)date.day, 2);
}

EXPORT(date_text) text date_text(i64 days, u32 where, u32 room) {
    u8 written[32];
    return placed(written, put_date(written, days), where, room);
}

EXPORT(datetime_text) text datetime_text(i64 value, u32 where, u32 room) {
    const i64 day = 86400000000;
    u8 written[48], *to;
    i64 days = value / day - (value % day < 0);
    u64 time = (u64)(value - days * day);
    to = put_date(written, days);
    *to++ = 'T';
    to = put_number(to, time / 3600000000u, 2);
    *to++ = ':';
    to = put_number(to, time / 60000000u % 60, 2);
    *to++ = ':';
    to = put_number(to, time / 1000000u % 60, 2);
    if (time % 1000000u) {
        *to++ = '.';
        to = put_number(to, time % 1000000u, 6);
    }
    return placed(written, to, where, room);
}
