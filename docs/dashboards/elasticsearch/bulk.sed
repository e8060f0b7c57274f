# Before each record the line that tells Elasticsearch where it goes: sed -E -f bulk.sed
# By its dataset and event.id, so that loading twice overwrites. No other tool touches the record: many
# keep numbers as floating point, and lose the last digits of nanoseconds since 1970.
s/^\{("@timestamp":"[^"]*",)?"event":\{"kind":"[a-z]+","category":\["network"\],"type":\[[^]]*\],"dataset":"(finwait\.[a-z]+)","id":"([0-9a-f]{40})".*$/{"index":{"_index":"\2","_id":"\3"}}\
&/
