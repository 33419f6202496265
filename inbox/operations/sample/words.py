"""Who writes and what about. All names, companies and addresses are invented."""

PEOPLE = (
    "Mirela Dutko", "Anselm Oyelade", "Kezia Brandvold", "Dorothea Quill", "Juno Takala", "Bram Visser",
    "Ikaika Nahale", "Svetlana Orlic", "Thabo Mokoena", "Lucía Ferrer", "Henrik Aune", "Aiyana Redfeather",
    "Pavel Hruška", "Noémie Carrel", "Tariq Benali", "Wanjiru Kamau", "Oskar Lindqvist", "Mei-Lin Chou",
    "Rafael Quintão", "Siobhán Keane", "Deepa Iyer", "Yusuf Demir", "Anouk Peeters", "Gustavo Prado",
    "Hana Sato", "Ewan McAllister", "Fatou Diop", "Leif Sørensen", "Camila Rojas", "Viktor Petrov",
    "Zofia Nowak", "Marcus Adeyemi", "Ingrid Bakken", "Paolo Ricci", "Amara Nwosu", "Felix Baumann",
    "Soraya Haddadi", "Jonas Weber", "Keiko Mori", "Priit Tamm",
)  # fmt: skip
DOMAINS = (
    "solvane.example.org",
    "northpeak.example.org",
    "plumbline.example.com",
    "quarry.example.org",
)

# a row: subject, question, and what was answered
QUESTIONS = (
    ("Replication slot grows after every run", "Since we moved to tap-postgres 2.3 the replication slot keeps growing after every `millrace run`. The disk of the primary hit 92 % this morning. Can we flush it without a full resync?", "With the heartbeat switched on the slot moves forward without a resync:\n\n```\nmillrace config set tap-postgres heartbeat true\n```\n\nTell me what the slot looks like after the next run."),
    ("Incremental state lost after upgrade to 2.3.1", "`millrace state get` prints {} and every table syncs from the start, 40 million rows. How do we get the old state back?", "The old state is still in `.millrace/state.bak`. Copy it back before the next run and pin 2.3.0 until the fix is out."),
    ("tap-github sleeps forever on rate limit", "After the second 403 the run never wakes up, we have to kill the pod every morning.", "That is a bug with secondary limits. Setting `max_wait: 900` works around it."),
    ("How do I run two pipelines with one schedule?", "We have a pipeline per region and would like one schedule for both. Is there a way without two cron jobs?", "Put both into a job group, then schedule the group."),
    ("Docs: the page about secrets shows an old command", "https://docs.example.org/secrets still shows `millrace secret add`, which is gone in 2.x.", "Thank you, the page is corrected now."),
    ("Does target-snowflake support key pairs?", "Our security team asks for key-pair authentication instead of passwords. Is that possible today?", "Yes, since 1.8: set `private_key_path` and leave `password` empty."),
    ("Windows: path with a blank is cut", "On Windows the project path `C:\\Data Team\\proj` is cut at the blank when a plug-in starts.", "Quote the path in `millrace.yml` until the next release, which carries the fix."),
    ("Memory grows while reading large JSON columns", "One table has JSON of 20 MB per row; the tap takes 9 GB before it dies. What can we set?", "Lower `batch_rows` to 100 for that table, it bounds the buffer."),
    ("Can I contribute a tap for our own API?", "We wrote a tap for our public API and would like to give it to the community. Where do I start?", "Wonderful. The template is in the SDK, and I will gladly review the pull request."),
    ("Schedule fires twice on the night of the clock change", "In October our nightly run started twice, at 2:30 and again at 2:30. Is there a setting?", "Use a UTC schedule for nightly jobs: `timezone: UTC`."),
    ("Airbyte connector inside millrace", "Is it possible to run an existing connector image as a tap?", "Yes, through the wrapper tap; the guide has an example."),
    ("Which Python versions are supported?", "Our platform team only gives us 3.11. Is that enough for 2.4?", "3.11 is supported until October next year."),
    ("Error: relation does not exist in schema public", "The target creates tables in `analytics` but the state table is looked for in `public`.", "Set `default_target_schema`, the state follows it from 2.2.4."),
    ("Office hours: may I show our dashboard?", "We built a freshness dashboard on top of the run log. Would that be of interest?", "Very much so, I put you on the list for the next one."),
    ("Feature: dry run that shows the row counts", "It would help our reviews if `--dry-run` said how many rows each table would move.", "That is a good idea, I opened an issue for it and linked you."),
    ("Cannot sign in to the docs playground", "The playground says my session is over, each time.", "A cookie of last week's release is in the way; delete it once."),
    ("Upgrade to 2.4: where did the lock file go?", "After the upgrade `millrace.lock` is empty and every plug-in is installed again.", "It moved into `.millrace/`. The first run after the upgrade writes it anew."),
    ("Airflow operator cannot find the project file", "Works in the shell, fails in the container with \"no such project\". The working directory is /opt/airflow.", "Set `project_dir` on the operator; it does not read the working directory."),
    ("Column anomaly test ignores our time zone", "Buckets start at midnight UTC, so every Monday looks like an outage.", "Set `timezone` in the test block, each test has its own."),
    ("One replication slot per table or per project?", "Our primary allows eight slots. Is one per project enough?", "One per project is right: each one holds back the log on its own."),
    ("Helm chart: secrets as files", "Our cluster mounts secrets as files. Can the chart read them?", "Since chart 0.9: set `secretsFrom: files`."),
    ("How do I rename a schedule without losing its history?", "Renaming makes a new one and the old runs are gone from the page.", "Use `millrace schedule rename`, it keeps the runs."),
    ("target-bigquery: numeric precision is lost", "A NUMERIC(38, 9) arrives as FLOAT64, and cents are gone.", "Set `use_numeric: true`; it is off for old projects only."),
    ("Docs: the Kafka page has two different ports", "The example says 9092, the table says 9093. Which one is right?", "9092; the table is corrected."),
    ("May we publish our tap under another licence?", "Our lawyers ask whether the SDK forces a licence.", "No, the SDK is permissive. Pick what suits you."),
    ("Backfill of one month without touching the state", "We need March again, without moving the bookmark.", "Run it with `--state-id backfill`; it has a bookmark of its own."),
    ("Log lines are cut at 8 kB", "Long SQL in the log ends with three dots, so we cannot copy it.", "Set `log_line_limit: 0` for that run."),
    ("Can a run tell Slack when it fails?", "We would like a message with a link to the log.", "Yes: add `notify: slack` to the job and give it the hook."),
)  # fmt: skip
# what each of them is about
ABOUT = (
    "Connector", "Bug", "Bug", "How-to", "Docs gap", "Connector", "Bug", "Deployment", "Contribution",
    "How-to", "Connector", "How-to", "Bug", "Community", "Feature request", "Bug", "Bug", "Deployment",
    "Data tests", "Connector", "Deployment", "How-to", "Connector", "Docs gap", "Contribution", "How-to",
    "Bug", "How-to",
)  # fmt: skip
HOLDS = (
    "waiting for the debugging call on Thursday",
    "the release with the fix is built next week",
    "legal reads the licence question",
)
FOLLOW_UPS = (
    "Thanks, I tried it, but now I see `slot is active for PID 4711`. What next?",
    "That helped on staging. On production it still fails with the same line.",
    "One more question: is there a way to do this for all taps at once?",
)  # fmt: skip
NOTES = (
    "Same as the ticket of last week, the fix is in review.",
    "Asked the team in #support, the connector people look at it.",
)

# what one shift leaves to the next
HANDOVER = (
    "The replication slot of Mirela is urgent: her disk is nearly full, and the fix is in review.\n\n"
    "Anselm is in a call with Tomás on Friday at 10:00, so leave his state question alone."
)

# (mailbox, sender, name, subject, text, extra headers): one for each shipped rule and near-miss
RULED = (
    ("security", "rowan@whitehat.example.org", "Rowan Ashby", "Path traversal in the artifact server", "Hello, with a crafted name one can read files outside of the artifact folder. I can send a proof of concept.", ""),
    ("security", "lea@redteam.example.org", "Lea Fontaine", "Session does not end on logout", "After logout the old cookie is still accepted for an hour.", ""),
    ("billing", "accounts@cloudhost.example.com", "Cloudhost Accounts", "Invoice CH-2231 for November", "Please find the invoice attached.", ""),
    ("billing", "ar@printery.example.com", "Printery", "Invoice 8841: stickers", "Dear customer, the invoice is attached.", "Cc: accounts-payable@example.com\r\n"),
    ("billing", "sam@venue.example.org", "Sam Castellan", "Question about the deposit for the meet-up", "Is the deposit refundable if we move the date?", ""),
    ("jobs", "nadia@applicants.example.org", "Nadia Rehman", "Application: developer advocate", "Hello, I would like to apply for the position. My CV is attached.", ""),
    ("jobs", "otto@applicants.example.org", "Otto Brandl", "Applying for support engineer", "I am applying for the role of support engineer; my resume is attached.", ""),
    ("support", "wordpress@blog.example.com", "WordPress", "[Blog] Some plugins were automatically updated", "Howdy! Some plugins have automatically updated to their latest versions on your site. WordPress", "Auto-Submitted: auto-generated\r\n"),
    ("support", "no-reply@registrar.example.com", "Registrar", "Your domain example.org: nameservers were changed", "The nameservers of your domain were changed.", "Auto-Submitted: auto-generated\r\n"),
    ("support", "no-reply@netlify.com", "Netlify", "You have used 90% of your build minutes", "Your team on Netlify has used 90% of its included build minutes.", "Auto-Submitted: auto-generated\r\n"),
    ("support", "news@datadigest.example.com", "Data Digest", "Data Digest 48: pipelines in 2027", "This week in data. To unsubscribe, follow the link.", "List-Unsubscribe: <https://datadigest.example.com/u>\r\nList-Id: <digest.datadigest.example.com>\r\n"),
    ("support", "events@conference.example.org", "Stream Days", "Early bird ends soon", "Our newsletter: tickets are cheaper until Friday. Unsubscribe here.", "List-Unsubscribe: <https://conference.example.org/u>\r\n"),
    ("support", "buyer@bigcorp.example.com", "Ellen Park", "RFP: data integration platform", "Please see our request for proposal; answers are due in two weeks.", ""),
    ("support", "cto@startup.example.org", "Bilal Aziz", "Pricing for 40 developers?", "What does the enterprise plan cost for 40 people?", ""),
    ("support", "notifications@status.example.com", "Status page", "Resolved: elevated error rates", "This incident has been resolved.", "Auto-Submitted: auto-generated\r\n"),
)  # fmt: skip
# an answer that promises, and in how many hours
PROMISES = (
    ("I can reproduce it. I will have a fix or a reason for you by tomorrow.", 26),
    ("The team that wrote it is asleep; I will get back to you today.", 5),
)

# a row: days ago, who, place, title, words, labels (names of settings, or the label itself)
ISSUES = (
    (9, "kezia-b", "millrace/core", "Dry run that shows how many rows each table would move", "It would help our reviews if `--dry-run` said **how many rows** each table would move.\n\nToday we copy the project and run it against an empty database, which takes an hour.", ("label_review", "enhancement")),
    (6, "pavel-h", "millrace/core", "One schedule for a group of jobs", "We have a pipeline per region and would like one schedule for both.", ("label_review",)),
    (5, "wanjiru", "millrace/tap-github", "Retry a single stream that failed", "A failed stream makes the whole run start again. Could it go on from there?", ("label_review", "enhancement")),
    (3, "siobhan", "millrace/core", "State backend on Azure", "S3 and GCS work well for us, our other half is on Azure.", ("label_review", "deployment")),
    (4, "bram-v", "millrace/core", "Windows: a path with a blank is cut when a plug-in starts", "`C:\\Data Team\\proj` becomes `C:\\Data`.", ("label_triage", "os: windows")),
    (2, "mirela-d", "millrace/tap-github", "Sleeps forever on the secondary rate limit", "After the second 403 the run never wakes up.", ("label_triage", "bug")),
    (1, "thabo", "millrace/core", "Exit code is 0 when a target fails", "Our scheduler believes that all is well.", ("label_triage",)),
    (30, "hana-s", "millrace/core", "Shell completion for zsh", "There is one for bash only.", ("label_community", "label_contribution")),
    (24, "leif", "millrace/core", "A Helm chart for the scheduler", "We wrote one, it wants a home.", ("label_community", "deployment")),
    (18, "camila-r", "millrace/tap-github", "Docs in Portuguese", "I would translate the first pages.", ("label_community",)),
)  # fmt: skip
PULLS = (
    (2, "ewan-mc", "millrace/core", "Add key-pair authentication to the warehouse target", "Checks are green. Should the passphrase be optional?", ("label_triage",)),
    (5, "zofia-n", "millrace/tap-github", "Wait as long as the header says", "Fixes the endless sleep.", ()),
)  # fmt: skip

# ---------------------------------------------------------------- rooms and chats

# handle: name, zone, hours from UTC
HANDLES = {
    "mirela": ("Mirela Dutko", "America/Halifax", -4),
    "anselm": ("Anselm Oyelade", "Africa/Lagos", 1),
    "oskar": ("Oskar Amadi", "Europe/Stockholm", 1),
    "luca": ("Luca Ferrand", "Europe/Paris", 1),
    "dorothea": ("Dorothea Quill", "Australia/Hobart", 11),
    "imogen": ("Imogen Tark", "Europe/London", 0),
    "kezia": ("Kezia Brandvold", "America/New_York", -5),
    "farid": ("Farid Benning", "Europe/Berlin", 1),
}

# whose profile shows the address that they write mails from
MAILS = {"mirela": "mirela0@solvane.example.org", "anselm": "anselm1@northpeak.example.org"}

# a row: minutes ago, room, who, category, owner, text, and what came after
# (minutes later, who, says | note | wait | close, words)
ROOMS = (
    (
        198, "troubleshooting", "mirela", "Connector", "ilse",
        "Replication slot grows after every run\nSince we moved to tap-postgres 2.3 it keeps growing after every `millrace run`. The disk of the primary hit 92 % this morning:\n```slot_name       active   retained_wal\nmillrace_slot   f        48 GB```\nCan we flush it without a full resync?",
        (
            (6, "tomas", "wait", "Hi Mirela, which version of the connector is it, and does the heartbeat run?"),
            (22, "mirela", "says", "2.3.1, and the heartbeat is off. We never needed it before."),
            (60, "noor", "note", "Same as millrace/core#412, the fix is in review for v2.4. Please do not tell her to drop the slot on a live primary, she would lose her position."),
            (74, "ilse", "wait", "Two quick questions so that we do not guess: is the slot inactive between runs, and how much room is left on the disk?"),
            (183, "mirela", "says", "Slot is inactive between runs. We have about 20 GB left, so it is urgent-ish 😅"),
        ),
    ),
    (
        281, "troubleshooting", "anselm", "Bug", "tomas",
        "Incremental state lost after upgrade to 2.3.1\n`millrace state get` prints {} and every table syncs from the start. How do we get the old state back?",
        (),
    ),
    (
        152, "getting-started", "oskar", "Docs gap", "ilse",
        "Which Python versions does the 2.x installer need?\nThe getting started page says 3.9, the installer says 3.10.",
        ((30, "ilse", "note", "The page is wrong since 2.2, I open a docs issue."),),
    ),
    (
        34, "contributing", "luca", "Contribution", "",
        "First pull request: where do integration tests live?\nFound the unit tests. Is there a fixture for a database?",
        (),
    ),
    (
        96, "troubleshooting", "dorothea", "How-to", "priya",
        "How do you test schema changes before production?\nWe clone the warehouse per branch, it takes an hour each time.",
        (),
    ),
    (
        62, "troubleshooting", "kezia", "Deployment", "noor",
        "Helm chart: the scheduler restarts every night at 02:00\nNothing in the log but `SIGTERM`.",
        ((20, "noor", "note", "Looks like the node pool’s maintenance window. Asking for the events."),),
    ),
    (
        4300, "troubleshooting", "anselm", "Connector", "ilse",
        "Dropping an inactive slot safely: what is the order?\nI do not want to lose the position.",
        (
            (25, "ilse", "wait", "Stop the run, check that `active` is f, then advance the replication slot to the current position. Do not drop it, you would lose where you were."),
            (60, "anselm", "says", "That worked, thank you!"),
            (65, "ilse", "close", "solved"),
        ),
    ),
    (
        9000, "troubleshooting", "oskar", "Connector", "priya",
        "WAL fills up with a quiet source table\nNothing changes there for days, and the slot does not move.",
        (
            (180, "dorothea", "says", "A heartbeat row once a minute keeps the slot moving, even when nothing else changes. We write it from the scheduler."),
            (240, "oskar", "says", "Yes, that was it."),
            (300, "priya", "close", "solved"),
        ),
    ),
)  # fmt: skip

# a row: minutes ago, who, the page they are on, category, their lines
CHATS = (
    (11, "Visitor in Lisbon", "/deploy/kubernetes", "How-to", ("Is self-hosting on Kubernetes supported?", "Looking at the Helm page, the values file seems to be for 1.x.")),
    (2, "Wanjiru Holt", "/airflow", "Deployment", ("Airflow operator cannot find the project file", "Works in the shell, fails in the container with “no such project”.")),
)  # fmt: skip
REFERRED = (
    ("Connectors", "The third company that asks for it this month."),
    ("Scheduling", "They would move everything over if this worked."),
    ("", "A use of it that we never thought of."),
)
GAPS = (
    "https://docs.example.com/guides/replication-slots",
    "https://docs.example.com/reference/state",
)
HELPED = (
    "I had the same. Setting the limit on the server's side helped; the docs of the database say how.",
    "Try it with one table first, then you see which one is slow.",
    "This is what the state file is for: keep it between runs, and it goes on where it stopped.",
)

# what everybody finds on the rail
VIEWS = (
    ("Deployment blockers", "q=category:Deployment"),
    ("Docs gaps this week", 'q=category:"Docs gap" after:7d'),
    ("Quiet for 48 h", "q=is:waiting before:2d"),
)
