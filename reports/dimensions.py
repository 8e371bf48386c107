"""What events are grouped and filtered by, and which of it each rollup keeps."""

# Kept by every rollup: a few values for each mailing.
CAMPAIGN_DIMENSIONS = ("campaign_id", "template_id", "sending_domain")
DIMENSIONS = (
    *CAMPAIGN_DIMENSIONS,
    *("recipient_domain", "sending_ip", "ip_pool", "mailbox_provider", "mailbox_provider_region"),
)
# A subject can differ for every message, which would make rollups as long as the event log:
# questions about subjects and nodes are answered from the event log.
SUBJECT = "subject_campaign"
NODE = "node_name"
