# SPDX-License-Identifier: Apache-2.0
# For the pages that still find it by a path.
from report.chart import *  # noqa: F401,F403
