"""English words that are names as well, or parts of them: written small they name nobody."""

_WORDS = """
able ace admiral amber angel apple april archer art ash aspen aunt autumn baker baron basil bay bear bell berry bill birch bird
bishop blade blaze bliss bob book boss branch brave bridge brook brother brown buck bud buddy butch butler candy captain case cash
cat charity chase chat chef chief chip clay cliff close cloud coach coal code companion cook coral count crew cricket crow crystal
daily daisy dale dark dash dawn day dean debate destiny dick director dog doll dolly don dot dove dragon drake dream drew duke
dusty eagle earl early earnest ebony echo editor ember emerald eve even ever fair faith fay fern finch fire flash flint flower fly
forest fortune fox frank free friend frost game gay gem general gin ginger glen gold good grace grant gray great green grey guard
guide guy hale hall happy hardy harmony haven hawk hazel heart heath heather helper hero hill holly honey honor hood hope house
hunter ice interview iris iron ivory ivy jack jade jasmine jay jet jewel joker jolly joy judge june just justice key king kit
kitty knight lady lake land lane language lark laurel leader leaf liberty light lightning lily lion little love luck lucky mace
major mango maple march mark marsh marshal mason master max may meadow melody mentor mercy merry midnight miles mint misty mole
moon moor moss mother mouse must myrtle nick night noble nova oak ocean old olive one opal orchid page park partner pat patience
pearl peg penny pepper pet petal phoenix pierce pilot piper planner play poet pop poppy port preparer present price priest prince
princess prudence put queen quick quill rain rainbow ranger raven ray reading red reed rich river rob robin rock rocky rod rose
rowan royal ruby rusty sage sailor sandy savage say scout sea serenity shade shadow sharp shaw shepherd silver sister sky small
smith snow soldier song spark sparrow spike spring squire star stark steel sterling stone storm story student study sugar summer
sun sunny swan swift tailor tank tanner teacher thorn thunder tiger tiny trace travel trip true tutor uncle victor violet visit
wade walker ward warden warrior watcher weaver well west whisper white wild will willow win wind winter wise wit witch wolf wood
woods woody worth wren writer young
"""

COMMON_WORDS = frozenset(_WORDS.split())
