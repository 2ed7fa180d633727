/* musl's features.h says what is hidden: nothing has to be, in a module that exports by name. */
#pragma GCC diagnostic ignored "-Weverything" /* musl stands here as it was released */
#define hidden
