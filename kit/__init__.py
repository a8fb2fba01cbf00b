"""From raw exports to the five metrics of an API program review, and the page that shows them."""
