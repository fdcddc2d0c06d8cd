#include <date/tz.h>
