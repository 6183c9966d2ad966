"""Nutrition labels: names, amounts and percentages as they stand on a packet."""

from random import Random

from mechint_course.language.grammars.lexicon import Lexicon, split

_FOODS = split(
    "oats granola yogurt lentils crackers almonds cheese tofu muesli bread pasta hummus salmon tuna beans rice cereal "
    "pretzels butter honey jam soup noodles cookies chocolate peanuts raisins popcorn juice milk barley ravioli sardines "
    "cashews kefir pickles lasagne sausage waffles chickpeas couscous pudding"
)
_KINDS = split(
    "organic roasted salted creamy smoked spicy instant whole low-fat sweet crunchy plain dried frozen toasted baked "
    "pickled unsweetened crispy sliced seasoned light sour canned grilled"
)
_MEASURES = (
    "cup",
    "tbsp",
    "piece",
    "slice",
    "packet",
    "bar",
    "can",
    "scoop",
    "bottle",
    "handful",
    "bowl",
    "jar",
    "wedge",
    "pouch",
    "tsp",
)
_VITAMINS = (
    "Vitamin D",
    "Calcium",
    "Iron",
    "Potassium",
    "Vitamin A",
    "Vitamin C",
    "Magnesium",
    "Zinc",
    "Niacin",
    "Folate",
    "Vitamin E",
    "Riboflavin",
    "Selenium",
    "Thiamin",
    "Biotin",
)
_INGREDIENTS = split(
    "water salt sugar wheat soy barley malt corn starch vinegar pepper garlic onion paprika lecithin yeast cocoa vanilla "
    "sunflower-oil palm-oil citric-acid gelatin pectin whey casein turmeric cinnamon mustard sesame rosemary oregano "
    "lemon-juice tapioca inulin cumin basil molasses cornflour parsley annatto"
)


def _label(random: Random, words: Lexicon) -> str:
    grams = random.randint(15, 250)
    fat, carbohydrate, protein = (random.randint(0, 40) for _ in range(3))
    calories = 9 * fat + 4 * (carbohydrate + protein)
    saturated, sugars = random.randint(0, fat), random.randint(0, carbohydrate)
    lines = [
        f"{random.choice(words(_KINDS)).capitalize()} {random.choice(words(_FOODS))}",
        "Nutrition Facts",
        f"{random.randint(1, 12)} servings per container",
        f"Serving size {random.randint(1, 4)} {random.choice(words(_MEASURES))} ({grams}g)",
        f"Calories {calories}",
        f"Total Fat {fat}g {100 * fat // 78}%",
        f"  Saturated Fat {saturated}g {5 * saturated}%",
        "  Trans Fat 0g",
        f"Cholesterol {random.randint(0, 120)}mg {random.randint(0, 40)}%",
        f"Sodium {10 * random.randint(0, 120)}mg {random.randint(0, 60)}%",
        f"Total Carbohydrate {carbohydrate}g {100 * carbohydrate // 275}%",
        f"  Dietary Fiber {random.randint(0, 12)}g {random.randint(0, 40)}%",
        f"  Total Sugars {sugars}g",
        f"Protein {protein}g",
    ]
    lines += [
        f"{v} {random.randint(0, 400)}mg {random.randint(0, 50)}%" for v in random.sample(words(_VITAMINS), 2)
    ]
    lines.append("Ingredients: " + ", ".join(random.sample(words(_INGREDIENTS), 5)) + ".")
    return "\n".join(lines)


def document(random: Random, words: Lexicon) -> str:
    """Two to four labels."""
    return "\n\n".join(_label(random, words) for _ in range(random.randint(2, 4))) + "\n"
