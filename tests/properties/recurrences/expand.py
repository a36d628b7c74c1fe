"""Prints when the calendars of a directory close a window in Madrid, as icalendar and recurring-ical-events say.

expand.py DIRECTORY FROM UNTIL: a JSON object with a list of [begin, end) in seconds since 1970 for each file.
"""

import datetime
import json
import pathlib
import sys
import zoneinfo

import icalendar
import recurring_ical_events

MADRID = zoneinfo.ZoneInfo("Europe/Madrid")
UTC = datetime.timezone.utc
DAY = datetime.timedelta(days=1)


def instant(time):
    """Seconds since 1970; days and times without a zone are by the clock of Madrid."""
    if not isinstance(time, datetime.datetime):
        time = datetime.datetime.combine(time, datetime.time())
    if time.tzinfo is None:
        time = time.replace(tzinfo=MADRID)
    return int(time.timestamp())


def end(occurrence, duration):
    start, until = occurrence["DTSTART"].dt, occurrence["DTEND"].dt
    if isinstance(start, datetime.datetime):
        if duration is None or until - start != duration:
            # A DTEND, or a period with an end of its own.
            return instant(until)
        # Days by the clock, then hours as they pass (RFC 5545, 3.3.6); Python adds both by the clock.
        days = datetime.timedelta(days=duration.days)
        return instant(start + days) + duration.seconds
    return instant(max(until, start + DAY))


def closed(text, begin, until):
    calendar = icalendar.Calendar.from_ical(text)
    def key(event):
        return str(event["UID"]), str(event.get("SUMMARY"))

    durations = {key(event): event["DURATION"].dt for event in calendar.walk("VEVENT") if "DURATION" in event}
    window = [datetime.datetime.fromtimestamp(second, UTC) for second in (begin, until)]
    spans = []
    for occurrence in recurring_ical_events.of(calendar).between(*window):
        if occurrence.get("STATUS") == "CANCELLED":
            continue
        spans.append([instant(occurrence["DTSTART"].dt), end(occurrence, durations.get(key(occurrence)))])
    merged = []
    for first, last in sorted(spans):
        first, last = max(first, begin), min(last, until)
        if first >= last:
            continue
        if merged and first <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], last)
        else:
            merged.append([first, last])
    return merged


directory, begin, until = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
answers = {path.name: closed(path.read_bytes(), begin, until) for path in pathlib.Path(directory).glob("*.ics")}
json.dump(answers, sys.stdout)
