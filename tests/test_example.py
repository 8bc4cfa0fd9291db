"""The user's own example, from the file to the row, field for field.

Its text is its publisher's and not in this repository, so the expected texts are taken from the
file itself, by line.
"""

from datetime import UTC, datetime
from hashlib import sha256

from runs import problems_of, run_over

from benchmarks.lakes import rows_of
from transforms.identity.keys import content_hash, item_keys
from transforms.topics.describe import Describer

HEADLINE = "Pompeo urges Kazakhstan to press China over Uighurs"
SPEAKER = {"speaker": "MIKE POMPEO", "role": "U.S. SECRETARY OF STATE", "language": "English"}


def test_the_users_example_gives_the_row_field_for_field(shared_data, tmp_path):
    path = shared_data("transcripts") / "pompeo_kazakhstan.txt"
    lines = path.read_text(encoding="utf-8").split("\n")
    paragraphs = [line for line in lines if line.strip()]
    teaser, first, one, two = paragraphs[4], paragraphs[7], paragraphs[8], paragraphs[9:14]
    _, quote_one, after_one = one.split('"')
    quote_two = [two[0].split('"')[1], *two[1:-1], two[-1].split('"')[0]]
    after_two = two[-1].split('"')[1]
    assert quote_two[-1].endswith("just do what's right.")
    summary = teaser
    body = "\n\n".join(
        [
            first,
            f'"{quote_one}"',
            after_one.strip(),
            f'"{quote_two[0]}',
            *quote_two[1:-1],
            f'{quote_two[-1]}"',
            after_two.strip(),
            *paragraphs[14:],
        ]
    )
    published = datetime(2019, 12, 22, tzinfo=UTC)
    keys = item_keys(scope="", guid=None, url=None, headline=HEADLINE, body=body)
    language, confidence, topics = Describer("langdetect")(HEADLINE, body)

    assert run_over([path], tmp_path / "lake") == 0
    assert problems_of(tmp_path / "lake") == ()
    (row,) = rows_of(tmp_path / "lake", "articles")

    found_topics = row.pop("topics")
    assert [(t["id"], t["name"], t["level"], tuple(t["evidence"])) for t in found_topics] == [
        (t.id, t.name, t.level, t.evidence) for t in topics
    ]
    fetched = row.pop("fetched_at")
    assert row.pop("first_seen_at") == fetched
    assert abs(fetched.timestamp() - path.stat().st_mtime) < 1e-5
    assert abs(row.pop("language_confidence") - confidence) < 1e-6
    assert row == {
        "article_id": keys.item_id,
        "revision": 1,
        "item_id": keys.item_id,
        "source": "transcripts",
        "source_origin": "folder",
        "feed_url": None,
        "guid": None,
        "url": None,
        "headline": HEADLINE,
        "headline_repeats": 4,
        "summary": summary,
        "body": body,
        "body_origin": "content",
        "word_count": 234,
        "authors": ["David Doyle"],
        "byline": "David Doyle reports.",
        "dateline": None,
        "region": "Global",
        "quotes": [
            {**SPEAKER, "text": quote_one},
            {**SPEAKER, "text": "\n\n".join(quote_two)},
        ],
        "published_at": published,
        "published_raw": "2019-12-22",
        "published_origin": "header",
        "published_precision": "day",
        "published_zone": "none",
        "date_candidates": [
            {
                "origin": "text",
                "raw": "Sunday (February 2)",
                "value": datetime(2020, 2, 2, tzinfo=UTC),
                "reason": "contradicts",
            }
        ],
        "updated_at": None,
        "changed": [],
        "language": language,
        "main_topic": topics[0].name,
        "topic_ids": [topic.id for topic in topics],
        "language_declared": None,
        "categories": [],
        "feed_topics": [],
        "content_hash": content_hash(HEADLINE, summary, body, published),
        "flags": ["date_conflict", "fetch_time_assumed"],
        "format": "transcript",
        "document_uri": str(path),
        "document_sha256": sha256(path.read_bytes()).hexdigest(),
        "document_position": 0,
        "schema_version": 1,
        "date": "2019-12-22",
    }
