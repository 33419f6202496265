"""The kinds of secrets: a word for people, and where the vendor lets one be replaced."""

from typing import Final

ROTATE: Final = "Revoke it and make a new one: {page}"
CHANGE: Final = "Change it everywhere it is used, and never use it again."

_VENDORS: Final = {
    "airtable_token": ("Airtable token", "https://airtable.com/create/tokens"),
    "alibaba_key": ("Alibaba Cloud access key", "https://ram.console.aliyun.com/manage/ak"),
    "anthropic_key": ("Anthropic API key", "https://console.anthropic.com/settings/keys"),
    "artifactory_key": (
        "JFrog Artifactory key",
        "https://jfrog.com/help/r/jfrog-platform-administration-documentation/access-tokens",
    ),
    "atlassian_token": (
        "Atlassian token",
        "https://id.atlassian.com/manage-profile/security/api-tokens",
    ),
    "aws_access_key": (
        "AWS access key",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html",
    ),
    "azure_secret": (
        "Azure secret",
        "https://learn.microsoft.com/entra/identity-platform/how-to-add-credentials",
    ),
    "cloudflare_token": (
        "Cloudflare token",
        "https://dash.cloudflare.com/profile/api-tokens",
    ),
    "databricks_token": (
        "Databricks token",
        "https://docs.databricks.com/aws/en/dev-tools/auth/pat",
    ),
    "digitalocean_token": (
        "DigitalOcean token",
        "https://cloud.digitalocean.com/account/api/tokens",
    ),
    "discord_token": ("Discord token", "https://discord.com/developers/applications"),
    "docker_token": ("Docker token", "https://app.docker.com/settings/personal-access-tokens"),
    "dropbox_token": ("Dropbox token", "https://www.dropbox.com/developers/apps"),
    "facebook_token": ("Facebook token", "https://developers.facebook.com/apps/"),
    "github_token": ("GitHub token", "https://github.com/settings/tokens"),
    "gitlab_token": (
        "GitLab token",
        "https://gitlab.com/-/user_settings/personal_access_tokens",
    ),
    "google_api_key": ("Google API key", "https://console.cloud.google.com/apis/credentials"),
    "google_oauth": ("Google OAuth secret", "https://console.cloud.google.com/apis/credentials"),
    "grafana_token": (
        "Grafana token",
        "https://grafana.com/docs/grafana/latest/administration/service-accounts/",
    ),
    "groq_key": ("Groq API key", "https://console.groq.com/keys"),
    "hashicorp_token": (
        "HashiCorp token",
        "https://developer.hashicorp.com/vault/docs/commands/token/revoke",
    ),
    "huggingface_token": ("Hugging Face token", "https://huggingface.co/settings/tokens"),
    "linear_key": ("Linear API key", "https://linear.app/settings/account/security"),
    "mailchimp_key": ("Mailchimp API key", "https://us1.admin.mailchimp.com/account/api/"),
    "mailgun_key": ("Mailgun key", "https://app.mailgun.com/settings/api_security"),
    "notion_token": ("Notion token", "https://www.notion.so/profile/integrations"),
    "npm_token": ("npm token", "https://docs.npmjs.com/revoking-access-tokens"),
    "okta_token": (
        "Okta token",
        "https://developer.okta.com/docs/guides/create-an-api-token/main/",
    ),
    "openai_key": ("OpenAI API key", "https://platform.openai.com/api-keys"),
    "postman_key": ("Postman API key", "https://go.postman.co/settings/me/api-keys"),
    "pypi_token": ("PyPI token", "https://pypi.org/manage/account/"),
    "rubygems_key": ("RubyGems API key", "https://rubygems.org/profile/api_keys"),
    "sendgrid_key": ("SendGrid API key", "https://app.sendgrid.com/settings/api_keys"),
    "sentry_token": ("Sentry token", "https://sentry.io/settings/account/api/auth-tokens/"),
    "shopify_token": ("Shopify token", "https://shopify.dev/docs/apps/build/authentication"),
    "slack_token": ("Slack token", "https://api.slack.com/authentication/rotation"),
    "slack_webhook": ("Slack webhook", "https://api.slack.com/messaging/webhooks"),
    "square_token": ("Square token", "https://developer.squareup.com/apps"),
    "stripe_key": ("Stripe key", "https://dashboard.stripe.com/apikeys"),
    "telegram_token": ("Telegram bot token", "https://core.telegram.org/bots/features#botfather"),
    "twilio_key": ("Twilio key", "https://console.twilio.com/"),
}

_OTHERS: Final = {
    "authorization_header": (
        "authorization header",
        "Revoke the token behind it where it was issued, and sign in again.",
    ),
    "basic_auth_url": ("password in an address", CHANGE),
    "high_entropy": ("likely secret", "If it gives access to anything, replace it now."),
    "jwt": (
        "JSON web token",
        "End the session or revoke the token where it was issued: anybody can use a copy "
        "until it expires. https://datatracker.ietf.org/doc/html/rfc8725",
    ),
    "key_assignment": ("key", "Revoke the key where it was issued, and make a new one."),
    "password_assignment": ("password", CHANGE),
    "private_key": (
        "private key",
        "Make a new pair of keys, and remove the public half of this one from every host. "
        "https://docs.github.com/authentication/connecting-to-github-with-ssh",
    ),
    "secret_assignment": ("secret", "Replace it where it was issued, and never use it again."),
    "token_assignment": ("token", "Revoke the token where it was issued, and make a new one."),
    "session_cookie": (
        "session cookie",
        "Sign out everywhere: whoever has the cookie is signed in as its owner.",
    ),
    "vendor_token": (
        "service token",
        "Revoke it on the settings page of the service that issued it, and make a new one.",
    ),
}

LABELS: Final[dict[str, str]] = {
    kind: label for kind, (label, _) in sorted({**_VENDORS, **_OTHERS}.items())
}
ADVICE: Final[dict[str, str]] = {
    **{kind: ROTATE.format(page=page) for kind, (_, page) in _VENDORS.items()},
    **{kind: advice for kind, (_, advice) in _OTHERS.items()},
}
