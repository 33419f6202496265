"""The vendors' marks as they document them, or as their scanners of secrets know them."""

from typing import Final

_HEX: Final = "[0-9a-f]"
_ALNUM: Final = "[A-Za-z0-9]"
_WORD: Final = r"[A-Za-z0-9_\-]"
_BASE64: Final = "[A-Za-z0-9+/=]"

_XOX: Final = r"[a-z](?<![A-Za-z0-9]xox[a-z])"

Row = tuple[str, str, str]

# kind, mark, what follows it
STRICT: Final[tuple[Row, ...]] = (
    *(("github_token", f"gh{c}_", f"{_ALNUM}{{36,255}}") for c in "pour"),
    ("github_token", "ghs_", r"[A-Za-z0-9_.\-]{36,2000}"),
    ("github_token", "github_pat_", r"\w{50,255}"),
    ("gitlab_token", "glpat-", r"[\w\-]{20,300}(?:\.[0-9a-z]{2}\.?[0-9a-z]{7,9})?"),
    *(("gitlab_token", f"{m}-", r"[\w\-]{20,26}") for m in ("gldt", "glft", "glsoat", "glffct")),
    ("gitlab_token", "glimt-", r"[\w\-]{25}(?![\w\-])"),
    ("gitlab_token", "glrt-", r"[\w\-]{20,300}(?:\.[0-9a-z]{7,12}(?:\.[0-9a-z]{7,9})?)?"),
    ("gitlab_token", "glrtr-", r"[\w\-]{20,300}"),
    ("gitlab_token", "glcbt-", r"[0-9a-zA-Z]{1,5}_[\w\-]{20}"),
    ("gitlab_token", "glptt-", r"[0-9a-f]{40}"),
    ("gitlab_token", "glagent-", r"[\w\-]{50,1024}"),
    ("gitlab_token", "glwt-", r"[\w\-]{20,64}"),
    ("gitlab_token", "gloas-", r"[0-9a-zA-Z]{64}"),
    ("gitlab_token", "GR1348941", r"[\w\-]{20,50}(?![\w\-])"),
    *(("aws_access_key", mark, "[A-Z0-9]{16}") for mark in ("AKIA", "ASIA", "ABIA", "ACCA")),
    ("aws_access_key", "A3T", "[A-Z0-9]{17}"),
    ("aws_access_key", "ABSK", f"{_BASE64}{{109,269}}"),
    ("aws_access_key", "bedrock-api-key-", r"[A-Za-z0-9+/=_%\-]{20,4000}"),
    ("aws_access_key", "amzn.mws.", r"[0-9a-z\-]{36}"),
    ("alibaba_key", "LTAI", f"{_ALNUM}{{16,26}}"),
    ("google_api_key", "AIza", rf"{_WORD}{{35}}"),
    ("google_oauth", "GOCSPX-", rf"{_WORD}{{28}}"),
    ("google_oauth", "ya29.", rf"{_WORD}{{30,2000}}"),
    ("google_oauth", "1//0", rf"{_WORD}{{60,200}}"),
    *(
        ("stripe_key", f"{c}k_{mode}_", f"{_ALNUM}{{10,247}}")
        for c in "sr"
        for mode in ("live", "test", "prod")
    ),
    ("vendor_token", "whsec_", f"{_BASE64}{{24,120}}"),
    ("openai_key", "sk-proj-", rf"{_WORD}{{20,260}}"),
    ("openai_key", "sk-svcacct-", rf"{_WORD}{{20,260}}"),
    ("openai_key", "sk-admin-", rf"{_WORD}{{20,260}}"),
    ("anthropic_key", "sk-ant-", rf"{_WORD}{{30,220}}"),
    ("vendor_token", "sk-or-v1-", f"{_HEX}{{64}}"),
    ("groq_key", "gsk_", f"{_ALNUM}{{52}}"),
    ("vendor_token", "xai-", f"{_ALNUM}{{80}}"),
    ("vendor_token", "r8_", f"{_ALNUM}{{37}}"),
    ("vendor_token", "pplx-", f"{_ALNUM}{{48,56}}"),
    ("vendor_token", "nvapi-", rf"{_WORD}{{60,80}}"),
    ("huggingface_token", "hf_", f"{_ALNUM}{{34,40}}"),
    ("huggingface_token", "api_org_", f"{_ALNUM}{{34}}"),
    ("sendgrid_key", "SG.", rf"{_WORD}{{16,32}}\.{_WORD}{{32,64}}"),
    ("twilio_key", "SK", f"{_HEX}{{32}}"),
    ("mailgun_key", "key-", f"{_HEX}{{32}}"),
    ("mailgun_key", "pubkey-", f"{_HEX}{{32}}"),
    ("npm_token", "npm_", f"{_ALNUM}{{36}}"),
    ("pypi_token", "pypi-AgE", r"[A-Za-z0-9_\-=]{50,1000}"),
    ("rubygems_key", "rubygems_", f"{_HEX}{{48}}"),
    ("vendor_token", "oy2", "[a-z0-9]{43}"),
    ("vendor_token", "CLOJARS_", f"{_ALNUM}{{60}}"),
    ("docker_token", "dckr_pat_", rf"{_WORD}{{27}}"),
    ("docker_token", "dckr_oat_", rf"{_WORD}{{27,40}}"),
    *(
        ("vendor_token", f"dp.{kind}.", r"[A-Za-z0-9_.\-]{40,64}")
        for kind in ("pt", "st", "ct", "sa", "scim", "audit")
    ),
    ("grafana_token", "glsa_", r"[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}"),
    ("grafana_token", "glc_", "[A-Za-z0-9+/={}]{32,400}"),
    ("grafana_token", "eyJrIjoi", f"{_BASE64}{{70,400}}"),
    ("linear_key", "lin_api_", f"{_ALNUM}{{40}}"),
    ("linear_key", "lin_oauth_", f"{_ALNUM}{{40,64}}"),
    ("notion_token", "ntn_", f"[0-9]{{11}}{_ALNUM}{{35}}"),
    ("notion_token", "secret_", f"{_ALNUM}{{43}}"),
    ("airtable_token", "pat", rf"{_ALNUM}{{14}}\.{_HEX}{{64}}"),
    ("atlassian_token", "ATATT3", r"[A-Za-z0-9_\-=]{100,250}"),
    ("atlassian_token", "ATCTT3", r"[A-Za-z0-9_\-=]{100,250}"),
    ("atlassian_token", "ATBB", f"{_ALNUM}{{32}}"),
    ("atlassian_token", "BBDC-", f"{_BASE64}{{40,50}}"),
    ("artifactory_key", "AKCp", f"{_ALNUM}{{10,100}}"),
    ("artifactory_key", "cmVmdGtu", f"{_ALNUM}{{56}}"),
    *(("digitalocean_token", f"do{c}_v1_", f"{_HEX}{{64}}") for c in "por"),
    ("databricks_token", "dapi", rf"{_HEX}{{32}}(?:-\d)?"),
    ("hashicorp_token", "hvs.", rf"{_WORD}{{24,300}}"),
    ("hashicorp_token", "hvb.", rf"{_WORD}{{24,300}}"),
    ("hashicorp_token", "hvr.", rf"{_WORD}{{24,300}}"),
    ("cloudflare_token", "v1.0-", f"{_HEX}{{24}}-{_HEX}{{146}}"),
    ("vendor_token", "dt0c01.", r"[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    ("vendor_token", "dt0s16.", r"[A-Z0-9]{8}\.[A-Z0-9]{64}"),
    *(("vendor_token", mark, "[A-Za-z0-9+/=,_]{40,2000}") for mark in ("fm1r_", "fm2_")),
    ("vendor_token", "fo1_", r"[\w\-]{43}"),
    ("vendor_token", "EZAK", f"{_ALNUM}{{54}}"),
    ("vendor_token", "EZTK", f"{_ALNUM}{{54}}"),
    ("vendor_token", "FLWSECK", r"[\w\-]{20,60}"),
    ("vendor_token", "lsv2_pt_", rf"{_HEX}{{32}}_{_HEX}{{10}}"),
    ("vendor_token", "lsv2_sk_", rf"{_HEX}{{32}}_{_HEX}{{10}}"),
    *(
        ("vendor_token", f"pat-{place}-", r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
        for place in ("na1", "na2", "eu1", "ap1")
    ),
    ("vendor_token", "NRAK-", "[A-Z0-9]{27}"),
    ("vendor_token", "NRII-", r"[A-Za-z0-9\-]{32}"),
    ("vendor_token", "sgp_", "(?:[0-9a-zA-Z]{16}_|local_)?[0-9a-fA-F]{40}"),
    ("sentry_token", "sntrys_", r"[A-Za-z0-9+/=_]{60,400}"),
    ("sentry_token", "sntryu_", f"{_HEX}{{64}}"),
    *(("vendor_token", f"sq{c}_", f"{_HEX}{{40}}") for c in "upa"),
    *(("vendor_token", f"sm_{c}_", f"{_ALNUM}{{16}}") for c in ("pat", "aat", "sat")),
    ("vendor_token", "tk-us-", r"[\w\-]{48}"),
    ("vendor_token", "pul-", f"{_HEX}{{40}}"),
    ("vendor_token", "pnu_", f"{_ALNUM}{{36}}"),
    ("vendor_token", "API-", "[A-Z0-9]{26}"),
    ("vendor_token", "ops_eyJ", f"{_BASE64}{{100,2000}}"),
    ("vendor_token", "A3-", r"[A-Z0-9]{6}-(?:[A-Z0-9]{5,6}+-){3,4}[A-Z0-9]{5,6}"),
    ("vendor_token", "p8e-", f"{_HEX}{{32}}"),
    ("vendor_token", "s-s4t2ud-", f"{_HEX}{{64}}"),
    ("vendor_token", "s-s4t2af-", f"{_HEX}{{64}}"),
    ("vendor_token", "tskey-", r"[\w\-]{20,80}"),
    ("vendor_token", "figd_", r"[\w\-]{38,60}"),
    ("vendor_token", "sbp_", f"{_HEX}{{40}}"),
    ("vendor_token", "rdme_", "[a-z0-9]{70}"),
    ("vendor_token", "CFPAT-", r"[\w\-]{43}"),
    ("vendor_token", "nfp_", f"{_ALNUM}{{36}}"),
    ("vendor_token", "HRKU-", r"[\w\-]{36,64}"),
    ("vendor_token", "CCIPAT_", r"\w{40,80}"),
    ("vendor_token", "bkua_", f"{_HEX}{{40}}"),
    ("vendor_token", "rpa_", "[A-Z0-9]{40,48}"),
    ("vendor_token", "phx_", f"{_ALNUM}{{40,50}}"),
    ("vendor_token", "xkeysib-", rf"{_HEX}{{64}}-{_ALNUM}{{16}}"),
    ("vendor_token", "pat.", rf"[\w\-]{{22}}\.{_ALNUM}{{24}}\.{_ALNUM}{{20}}"),
    ("vendor_token", "sat.", rf"[\w\-]{{22}}\.{_ALNUM}{{24}}\.{_ALNUM}{{20}}"),
    ("vendor_token", "duffel_", r"(?:test|live)_[\w\-=]{43}"),
    *(("vendor_token", f"pscale_{c}_", r"[\w.\-=]{32,64}") for c in ("pw", "tkn", "oauth")),
    ("postman_key", "PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}"),
    *(("shopify_token", f"shp{c}_", "[a-fA-F0-9]{32}") for c in ("at", "ca", "pa", "ss")),
    ("square_token", "sq0atp-", r"[\w\-]{22}"),
    ("square_token", "sq0csp-", r"[\w\-]{43}"),
    ("square_token", "EAAA", r"[\w\-+=]{60}"),
    ("facebook_token", "EAA", "[A-Za-z0-9]{80,300}"),
    ("private_key", "AGE-SECRET-KEY-1", "[A-Z0-9]{58}"),
    ("vendor_token", "LLM|", r"\d{10,20}\|[\w\-]{20,40}"),
)

# so short a mark that the rest has to look like chance
LOOSE: Final[tuple[Row, ...]] = (
    ("openai_key", "sk-", rf"{_WORD}{{32,220}}"),
    ("hashicorp_token", "s.", f"{_ALNUM}{{24}}"),
    ("dropbox_token", "sl.", rf"{_WORD}{{120,1400}}"),
    ("vendor_token", "re_", r"[A-Za-z0-9]{8}_[A-Za-z0-9]{24}"),
    ("okta_token", "00", rf"{_WORD}{{40}}"),
    ("private_key", "S", "[UANOCXV][A-Z2-7]{56}"),
)

# a longer pattern that begins with its mark; the group, if there is one, is the secret
LONG: Final[tuple[Row, ...]] = (
    (
        "slack_token",
        "xox",
        rf"{_XOX}-\d{{6,15}}+-(?=[\d\-]{{0,60}}+[A-Za-z])[A-Za-z0-9\-]{{10,160}}+",
    ),
    ("slack_token", "xox", rf"{_XOX}(?:\.xox[bp])?-\d-[A-Za-z0-9]{{60,260}}+"),
    ("slack_token", "xapp-", r"\d-[A-Z0-9]{8,14}+-\d{8,15}+-[A-Za-z0-9]{20,90}+"),
    (
        "slack_webhook",
        "hooks.slack.com/",
        r"(?:services|workflows|triggers)/([A-Za-z0-9]{6,14}+/[A-Za-z0-9/]{20,90}+)",
    ),
    ("vendor_token", "ico-", r"(?<![\w.]ico-)[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    ("vendor_token", "webhook.office.com/", r"webhookb2/([A-Za-z0-9@/\-]{80,220}+)"),
    ("discord_token", "/api/webhooks/", r"(\d{17,20}+/[\w\-]{60,80}+)"),
    ("facebook_token", "|", r"(?<=[^\w]\d{15}\|)([A-Za-z0-9_\-]{27,40}+)"),
    ("facebook_token", "|", r"(?<=[^\w]\d{16}\|)([A-Za-z0-9_\-]{27,40}+)"),
    ("azure_secret", "AccountKey=", r"([A-Za-z0-9+/]{40,90}+={0,2})"),
    ("azure_secret", "SharedAccessKey=", r"([A-Za-z0-9+/]{30,90}+={0,2})"),
    ("azure_secret", "sig=", r"(?<=[?&;]sig=)([A-Za-z0-9%+/]{40,100}+)"),
    ("private_key", "Private-Lines:", r" \d{1,3}+\s{1,2}+([A-Za-z0-9+/=\s]{40,8000}+)"),
)

# a mark in the middle: what follows it, and what has to stand before it
MIDDLE: Final[tuple[tuple[str, str, str, str], ...]] = (
    (
        "discord_token",
        ".",
        r"[\w\-]{6}\.[\w\-]{27,38}+(?![\w\-])",
        r"(?<![\w\-])[MNO][A-Za-z0-9_\-]{23,27}\Z",
    ),
    ("telegram_token", ":AA", r"[\w\-]{33}(?![\w\-])", r"(?<!\d)\d{8,10}\Z"),
    ("azure_secret", "Q~", r"[\w~.\-]{31,34}+", r"(?<![\w~.\-])[\w~.]{3}\d\Z"),
    ("azure_secret", "JQQJ99", "[A-Za-z0-9]{10,40}+", "[A-Za-z0-9]{20,60}\\Z"),
    ("mailchimp_key", "-us", r"\d{1,2}+(?![\w\-])", r"(?<![0-9a-f])[0-9a-f]{32}\Z"),
)
