"""Words that people of this field use for one another. Pure; the list is there to be edited.

One group a line, its words apart by commas; a word of two or more is a phrase. What the setting
`search_synonyms` holds, in the same form, comes on top of it.
"""

from collections.abc import Iterable
from functools import lru_cache

from inbox.search.words import stems

GROUPS = """
login, log in, sign in, signin, signed in, authenticate, authentication, auth, sso
logout, log out, sign out, signed out
password, passphrase, credentials, secret, credential
passkey, webauthn, fido, security key, yubikey
two factor, 2fa, mfa, totp, one time code, authenticator
token, api key, apikey, access key, key
session, cookie
expire, expired, expires, stale, outdated, no longer valid, stops working
permission, permissions, rights, access, privilege, role, scope, grant, allowed
read only, readonly, restricted, limited
leak, leaks, exposed, show up, shows up, visible, printed, disclosed
encrypt, encryption, hash, hashed, mask, masked, anonymise, anonymize, pseudonymise, redact
privacy, personal data, pii, gdpr, customer data
certificate, cert, ssl, tls, https, ca
self signed, untrusted, own ca, unknown authority
proxy, firewall, vpn, gateway, nginx, reverse proxy, load balancer
cdn, cloudflare, fastly, akamai
webhook, callback, hook
signature, hmac, signed, verification, verify
refused, rejected, denied, declined, forbidden, blocked, not allowed, 403, refuses, rejects
unauthorized, unauthorised, 401, not logged in
not found, 404, does not exist, missing, unknown
too large, too big, size limit, 413, exceeds, overflow
rate limit, too many requests, 429, throttle, throttled, quota
timeout, time out, timed out, no answer, no response, unresponsive
connect, connection, reach, reachable, network
delete, deleted, remove, removed, drop, erase, purge, get rid, vanished
create, add, new, make, generate
change, edit, modify, update, alter, adjust, rewrite, rewrites
rename, renamed, another name, change the name, new name
copy, clone, duplicate
duplicate, duplicates, twice, double, repeated, two copies, second time
missing, lost, gone, disappear, vanished, absent, left out, skipped, misses, lose
ignore, ignored, skip, skipped, no effect, not applied, has no effect
empty, blank, null, nothing, zero, white
wrong, incorrect, invalid, bad, mistaken, off
damaged, corrupt, corrupted, corrupts, broken, destroyed
error, failure, fail, exception, broken, break
crash, dies, killed, terminate, abort, aborts, aborted, exits
stop, halt, ends, ended, cut off, cuts off, truncated
hang, hangs, stuck, freeze, frozen, blocks, never finishes, nothing happens
slow, performance, latency, sluggish, takes forever, long time, needs forever, takes minutes
fast, quick, speed, faster
memory, ram, heap, oom, oomkilled, out of memory
disk, storage, space
grow, grows, increase, increases, climb, climbs, rise, rising, swell
fix, resolve, solve, repair, workaround
restore, recover, recovery, backup, back up, snapshot
power cut, outage, lost power, crash
forever, endless, endlessly, infinite, loop, loops, all the time, constantly
upgrade, upgraded, update, migrate, newest version, newer version, new version, latest
downgrade, roll back, rollback, revert, previous version, older version
move from, moving from, migrate from, switch from, replace
install, installation, setup, set up, adding
config, configuration, configure, settings, setting, options, option, preferences, values
docs, documentation, manual, guide, readme
deploy, deployment, ship, roll out, rollout
server, host, machine, instance, box
laptop, notebook, own machine, local, localhost, mac, macbook
arm, arm64, m1, apple silicon, aarch64
intel, amd64, x86
container, docker, image, pod
kubernetes, k8s, cluster, helm
nodeselector, node selector, affinity, pin, placement, taint, toleration
terraform, infrastructure as code, iac, pulumi
recreate, replace, replaced, rebuild, rebuilds, destroy
database, db
postgres, postgresql, pg
sql server, mssql, sqlserver
mongodb, mongo
elasticsearch, elastic, opensearch, index
bigquery, bq, google bigquery
azure, microsoft cloud, blob, azure storage
s3, bucket, object storage, minio
google sheets, gsheet, google spreadsheet, google api
excel, workbook, spreadsheet, xlsx
sheet, tab, worksheet
csv, comma separated, delimited, tsv
line break, newline, linebreak, carriage return, line feed
json, object
nested, sub document, sub documents, embedded, hierarchical
array, arrays, list
table, relation, tables, relations
column, field, attribute, property, columns
row, record, entry, rows, records, entries
comment, comments, description, descriptions, reply, replies, note
schema, structure, layout
primary key, unique key, identifier
precision, rounded, rounding, decimals, decimal, amounts
number, numeric, integer, quantity, amount
text, string, varchar
emoji, unicode, special characters, utf8, encoding, byte sequence, umlauts
dot, dots, period, full stop
query, sql, statement, select
row level security, rls, policies
write ahead log, wal, transaction log, binlog
replication slot, slot, logical replication
change data capture, cdc
file, files, document, documents
zip, archive, compressed, gzip, tarball
unpack, decompress, extract, unzip
ftp, sftp, ftps
upload, uploading, attach
download, fetch, fetched, get, retrieve, pull
import, imported, load, loading, ingest, bring in, loaded
reimport, backfill, history, historical, reload, full reload, full refresh
export, exported, dump, extract, extracted
sync, synced, replicate, synchronise, synchronize, mirror, propagate, propagated
incremental, delta, only new, since last, bookmark
state, bookmark, checkpoint, cursor, offset
order, sequence, out of order, wrong sequence
old, older, existing, previous
pipeline, job, task, workflow, dag
run, execute, executed, executes, start, starts, processed
trigger, launch, start, kick off, kicks off, fire, fires
worker, executor, executors, runner, agent
scheduler, planner, orchestrator, airflow, dagster, prefect
schedule, scheduled, cron, timer, periodic, nightly
weekday, weekdays, monday to friday, working days
weekend, sunday, saturday
daylight saving, summer, clocks changed, dst, summer time
timezone, time zone, utc, local time, one hour
date, dates, timestamp, datetime, times, day
transform, transformation, transformations, dbt, models, own code
library, module, package, dependency, pandas, numpy
connector, plugin, integration, extension, tap, source
target, destination, loader, sink
stream, streams, entity, entities
discovery, catalogue, catalog, schema discovery
repository, repo
page, pagination, paging
account, user, member, members, people, colleague, colleagues
invite, invitation, join link, add people
email, mail, e mail
spam, junk
alert, alerts, notification, message, messages
price, pricing, cost, costs, billing, bill, invoice, pay, charge, credits
plan, tier, subscription
free, gratis, no cost
limit, cap, capped, maximum, at most
suspend, pause, paused, sleep, idle
parallel, concurrent, simultaneously, at the same time, same second, at once, together
lock, locked, mutex
partition, partitions, shard, assignment
rebalance, rebalances, settles
incomplete, partial, not finished, too early, not all
finished, complete, done, landed, committed
approve, approval, approves, confirm, confirmation, manual
automatic, automatically, by itself, by themselves
reference, references, linked, link, related
log, logs, logging, output, verbose, debug
environment, env, variable
ui, interface, web interface, dashboard, browser, page, screen
firefox, mozilla
safari, webkit
dark mode, dark theme, night, dark
chart, charts, graph, graphs, plot
label, labels, caption, captions, title
unreadable, cannot be read, illegible, low contrast
translate, translation, language, locale
remote, remotely, api, rest, http
large, big, huge, massive
small, tiny, little
search, find, lookup, list, enumerate
test, tests, check, validate
hidden, hide, invisible
"""


@lru_cache(maxsize=8)
def table(extra: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    """Every stemmed word or phrase with the others of its groups."""
    found: dict[str, dict[str, None]] = {}
    for line in [*GROUPS.splitlines(), *extra]:
        group = list(dict.fromkeys(" ".join(stems(word)) for word in line.split(",")))
        group = [word for word in group if word]
        for word in group:
            others = found.setdefault(word, {})
            others.update(dict.fromkeys(other for other in group if other != word))
    return {word: tuple(others) for word, others in found.items()}


def others(word: str, extra: Iterable[str] = ()) -> tuple[str, ...]:
    """What may stand for a stem, or a phrase of stems."""
    return table(tuple(extra)).get(word, ())
