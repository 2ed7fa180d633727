/* Dates from their parts (abstract machine, §7). Results go to `to`; the answer is 0, 1 for `value`, 2 for `overflow`. */
#include "runtime.h"

#define DAY 86400000000ll

static int is_int(i64 value) { return value == (i32)value; }

static i64 days_in(i64 year, i64 month) {
    if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* Days from 1970-01-01 (H. Hinnant, "chrono-compatible low-level date algorithms"); the year is at least 1. */
static i64 days_of(i64 year, i64 month, i64 day) {
    year -= month <= 2;
    i64 era = year / 400, of_era = year - era * 400;
    i64 of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int is_date(i64 year, i64 month, i64 day) {
    return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= days_in(year, month);
}

EXPORT(make_date) i32 make_date(i64 year, i64 month, i64 day, i64 *to) {
    /* CPython takes the parts as C ints before it looks at them. */
    if (!is_int(year) || !is_int(month) || !is_int(day)) return 2;
    if (!is_date(year, month, day)) return 1;
    *to = days_of(year, month, day);
    return 0;
}

EXPORT(make_datetime) i32 make_datetime(i64 year, i64 month, i64 day, i64 hour, i64 minute, i64 second, i64 micro,
                                        i64 *to) {
    if (!is_int(year) || !is_int(month) || !is_int(day)) return 2;
    if (!is_int(hour) || !is_int(minute) || !is_int(second) || !is_int(micro)) return 2;
    if (!is_date(year, month, day) || hour < 0 || hour > 23 || minute < 0 || minute > 59) return 1;
    if (second < 0 || second > 59 || micro < 0 || micro > 999999) return 1;
    *to = days_of(year, month, day) * DAY + ((hour * 60 + minute) * 60 + second) * 1000000 + micro;
    return 0;
}

EXPORT(make_span) i32 make_span(i64 days, i64 seconds, i64 micros, i64 millis, i64 minutes, i64 hours, i64 weeks,
                                i64 *to) {
    i128 total = (i128)days * DAY + (i128)seconds * 1000000 + micros + (i128)millis * 1000;
    total += (i128)minutes * 60000000 + (i128)hours * 3600000000ll + (i128)weeks * (7 * DAY);
    if (total != (i64)total) return 2;
    *to = (i64)total;
    return 0;
}
