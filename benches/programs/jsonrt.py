import json

doc = []
for i in range(35000):
    doc.append({
        "id": i, "name": f"user {i}", "email": f"user{i}@example.test", "active": i % 2 == 0,
        "score": i + 0.5, "tags": ["alpha", "beta", "gamma"], "pos": {"x": i % 100, "y": i % 77},
        "note": None,
    })
s = json.dumps(doc, separators=(",", ":"))
for _ in range(5):
    s = json.dumps(json.loads(s), separators=(",", ":"))
print(len(s))
