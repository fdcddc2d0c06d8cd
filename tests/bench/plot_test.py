"""Draws with bench/plot and looks at the picture. Argument: the program."""

import subprocess
import sys
import unittest
import xml.etree.ElementTree as tree

PLOT = sys.argv.pop()
SVG = "{http://www.w3.org/2000/svg}"
LINES = """\
{"scenario":"a<b/depth:1","runs_per_second":100.0,"floor_ratio":0.25}
{"scenario":"a<b/depth:1","runs_per_second":300.0,"floor_ratio":0.75}
{"scenario":"a<b/depth:1","runs_per_second":200.0,"floor_ratio":0.5}

{"scenario":"restart/depth:9","runs_per_second":50.0}
"""


def plot(lines, *arguments):
    return subprocess.run([sys.executable, PLOT, *arguments], input=lines,
                          capture_output=True, text=True, check=False)


class Plot(unittest.TestCase):
    def setUp(self):
        self.picture = tree.fromstring(plot(LINES).stdout)

    def texts(self):
        return [each.text for each in self.picture.iter(SVG + "text")]

    def test_names_scenarios_and_repetitions(self):
        self.assertIn("a<b/depth:1 (3x)", self.texts())
        self.assertIn("restart/depth:9 (1x)", self.texts())

    def test_a_bar_is_the_median(self):
        self.assertIn("200", self.texts())
        self.assertIn("0.50", self.texts())
        bars = [float(each.get("width")) for each
                in self.picture.iter(SVG + "rect")][1:]
        # Runs per second of both, then the one ratio there is.
        self.assertEqual(len(bars), 3)
        self.assertAlmostEqual(bars[0] / bars[1], 4, places=1)

    def test_only_what_was_repeated_has_a_spread(self):
        self.assertEqual(len(list(self.picture.iter(SVG + "path"))), 2)

    def test_refuses_what_is_no_measurement(self):
        for lines in ("", "no json\n", "[1]\n", '{"runs": 1}\n'):
            came = plot(lines)
            self.assertEqual(came.returncode, 1)
            self.assertTrue(came.stderr.startswith("plot: "), came.stderr)


if __name__ == "__main__":
    unittest.main()
