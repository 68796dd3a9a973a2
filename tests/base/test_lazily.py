from mockserver.base.lazily import lazily


class Pot:
    def __init__(self) -> None:
        self.brewed = 0

    @lazily
    def tea(self) -> str:
        """What is in the pot."""
        self.brewed += 1
        return f"tea {self.brewed}"


def test_it_is_found_once_for_each_object() -> None:
    one, two = Pot(), Pot()
    assert (one.brewed, one.tea, one.tea, one.brewed) == (0, "tea 1", "tea 1", 1)
    assert (two.brewed, two.tea) == (0, "tea 1")


def test_the_class_has_its_words() -> None:
    assert isinstance(Pot.tea, lazily)
    assert Pot.tea.__doc__ == "What is in the pot."
