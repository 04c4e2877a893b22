"""`python -m tap_klaviyo_engagement`."""

from tap_klaviyo_engagement.tap import TapKlaviyoEngagement

if __name__ == "__main__":
    TapKlaviyoEngagement.cli()
