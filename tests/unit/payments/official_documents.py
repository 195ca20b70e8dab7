"""Documents that the official schemas allow, made at random from the schemas themselves.

What a schema says is read from it: names, order, optional elements, repetitions, lengths, limits and enumerations. So
is what XML Schema allows of every value: white space around numbers and dates, zeros before them, comments anywhere.
"""

import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

import xmlschema
from xmlschema.validators import XsdGroup

XSI: Final = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_CHARACTERS: Final = string.ascii_letters + string.digits + " .,'/-_&<>àèéÅ€ß你🎓"
_MOST_ROWS: Final = 3
# Samples of the patterns in the schemas; one that is not here fails the test, so that nobody forgets it.
_LETTERS: Final = string.ascii_uppercase
_MADE: Final = {
    "[0-9]{18}": (string.digits, 18, 18),
    "[0-9]{11}": (string.digits, 11, 11),
    "[A-Z]{2,2}": (_LETTERS, 2, 2),
    "[a-zA-Z0-9\\-_]{1,35}": (string.ascii_letters + string.digits + "-_", 1, 35),
}
_EMAIL: Final = "@"


@dataclass
class DocumentMaker:
    """Makes documents; the same `random` makes the same ones."""

    schema: xmlschema.XMLSchema
    random: Random

    def document(self, root: str) -> str:
        """Return a document of this root element, under any prefix."""
        self.prefix = self.random.choice(["p", "pay_i", "soap", "ns0"])
        self.root = self.schema.elements[root]
        return self.element(self.root, f' xmlns:{self.prefix}="{self.schema.target_namespace}" {XSI}')

    def element(self, element: Any, spaces: str = "") -> str:
        qualified = self.schema.element_form_default == "qualified" or element is self.root
        tag = f"{self.prefix}:{element.local_name}" if qualified else str(element.local_name)
        inside = self.value(element.type) if element.type.is_simple() else self.group(element.type.content)
        aside = self.rarely("<!-- <!DOCTYPE a> -->", "<?work done?>")
        located = self.rarely(' xsi:schemaLocation="a b"')
        return f"<{tag}{spaces}{located}>{aside}{inside}</{tag}>"

    def group(self, group: Any) -> str:
        particles = [self.random.choice(list(group))] if group.model == "choice" else list(group)
        space = self.random.choice(["", "\n  "])
        parts = []
        for particle in particles:
            least, most = particle.min_occurs, particle.max_occurs
            most = least + _MOST_ROWS if most is None else min(most, least + _MOST_ROWS)
            make: Callable[[Any], str] = self.group if isinstance(particle, XsdGroup) else self.element
            parts += [make(particle) for _ in range(self.random.randint(least, most))]
        return space.join(["", *parts, ""])

    def value(self, simple: Any) -> str:
        base = simple.primitive_type.local_name
        if base == "string":
            return self.text(simple)
        if base == "base64Binary":
            return self.random.choice(["", "QUJD", "QU JD\nREVG", "QQ=="])
        made = {"boolean": self.boolean, "dateTime": self.moment, "date": self.day, "decimal": self.number}[base]
        space = ["", "", " ", "\n   ", "\t"]
        return f"{self.random.choice(space)}{made(simple)}{self.random.choice(space)}"

    def text(self, simple: Any) -> str:
        if simple.enumeration:
            return str(self.random.choice(simple.enumeration))
        if simple.patterns is not None:
            pattern = simple.patterns.regexps[0]
            if _EMAIL in pattern:
                return self.random.choice(["a@b", "mario.rossi+1@esempio.it", "a_b-c@d-e.f.g"])
            characters, least, most = _MADE[pattern]
        else:
            characters, least, most = _CHARACTERS, simple.min_length or 0, simple.max_length or 200
        length = self.random.choice([least, self.random.randint(least, most), most])
        text = "".join(self.random.choices(characters, k=length))
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def boolean(self, _simple: Any) -> str:
        return self.random.choice(["true", "false", "1", "0"])

    def day(self, _simple: Any) -> str:
        last = (date.max - date.min).days
        day = date.min + timedelta(days=self.random.choice([0, self.random.randint(0, last), 740_000, last]))
        return f"{day.isoformat()}{self.random.choice(['', 'Z', '+02:00'])}"

    def moment(self, _simple: Any) -> str:
        first = datetime(1, 1, 1)  # noqa: DTZ001 -- the zone is written behind it, if at all
        last = 3_652_059 * 86_400
        seconds = self.random.choice([86_400, self.random.randint(86_400, last - 86_400), 740_000 * 86_400])
        moment = (first + timedelta(seconds=seconds)).isoformat()
        zone = self.random.choice(["", "Z", "+01:00", "-14:00"])
        fraction = self.rarely(".1", ".123456789")
        return f"{moment[:10]}T24:00:00{zone}" if self.random.random() < 0.1 else f"{moment}{fraction}{zone}"

    def number(self, simple: Any) -> str:
        zeros = "0" * self.random.choice([0, 0, 1, 12])
        if simple.patterns is not None:
            cents = self.random.randint(0 if simple.min_value is None else 1, 99_999_999_999)
            return f"{zeros}{cents // 100}.{cents % 100:02d}"
        if simple.enumeration:
            return f"{zeros}{self.random.choice(simple.enumeration)}"
        most = min(int(simple.max_value or 10**15 - 1), 10**15 - 1)
        whole = f"{self.rarely('+')}{zeros}{self.random.randint(int(simple.min_value), most)}"
        return whole if simple.base_type.local_name != "decimal" else whole + self.rarely(".", ".00")

    def rarely(self, *texts: str) -> str:
        return self.random.choice([*texts, *[""] * 4 * len(texts)])
