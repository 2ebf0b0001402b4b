"""How the languages of the catalogs write numbers."""

PERCENTS = {
    "de": "55,4\xa0%",
    "en": "55.4%",
    "es": "55,4\xa0%",
    "fr": "55,4\xa0%",
    "it": "55,4%",
    "nl": "55,4%",
    "pt-BR": "55,4%",
}
"""How each writes a percentage; browsers do it likewise."""
