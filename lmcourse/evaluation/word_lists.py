"""Pairs of words and analogies by which word vectors are judged.

Written by hand before any vector was trained, and not changed since: pairs that may stand for one
another, pairs that mean the opposite, and four relations. `neural/embeddings` uses them.
"""


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(pair.split()[0], pair.split()[1]) for pair in text.split(",")]


ALIKE = _pairs("""movie film, movies films, funny hilarious, great wonderful, good fine, bad poor,
awful terrible, boring dull, big large, start begin, kid child, kids children, actor performer,
story plot, director filmmaker, entertaining enjoyable, scary frightening, sad tragic, smart clever,
fast quick, beautiful gorgeous, silly stupid, odd strange, true real, ending end, viewer audience,
humor comedy, love romance, predictable formulaic, tired stale, slow tedious, powerful strong,
touching moving, amusing funny, fascinating interesting, fresh original, brilliant excellent,
talent skill, script screenplay, perhaps maybe, almost nearly, often frequently, shows displays,
makes creates, tale story, worthy deserving, charming delightful, fun enjoyment, mess disaster,
subtle delicate, violent bloody, emotional sentimental, performance acting, visually stylistically,
thriller mystery, terrific superb, ridiculous absurd, lame weak""")

OPPOSITE = _pairs("""good bad, best worst, better worse, old new, long short, first last, big small,
more less, most least, up down, in out, love hate, happy sad, high low, easy hard, true false,
right wrong, success failure, beginning end, strong weak, heavy light, fast slow,
interesting boring, smart stupid, beautiful ugly, hero villain, original familiar, dark light,
early late, always never, before after, comedy drama, real fake, simple complex, rich poor,
black white, life death, war peace, funny serious, young old, many few, with without, over under,
on off, everything nothing, hot cold, fresh stale, deep shallow, yes no, strange ordinary""")

RELATIONS = {
    "man, woman": _pairs("""man woman, boy girl, he she, his her, himself herself, actor actress,
father mother, son daughter, brother sister, husband wife, king queen, hero heroine, guy girl,
uncle aunt, male female"""),
    "one, many": _pairs("""film films, movie movies, actor actors, scene scenes,
character characters, story stories, book books, year years, friend friends, girl girls, boy boys,
game games"""),
    "now, then": _pairs("""make made, see saw, go went, take took, give gave, get got, come came,
think thought, know knew, tell told, find found, say said, write wrote, begin began"""),
    "good, better": _pairs("""good better, bad worse, big bigger, long longer, great greater,
old older, young younger, small smaller, high higher, hard harder, funny funnier, fast faster"""),
}
