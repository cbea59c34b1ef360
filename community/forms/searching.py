from django import forms


class SearchForm(forms.Form):
    """What narrows a list. What isn't valid is left out of the search and said at its field."""

    q = forms.CharField(required=False, max_length=100)

    @property
    def words(self) -> str:
        return self.chosen("q")

    @property
    def chosen_state(self) -> str:
        return self.chosen("state")

    def chosen(self, name: str) -> str:
        self.is_valid()
        value: str = self.cleaned_data.get(name, "")
        return value
