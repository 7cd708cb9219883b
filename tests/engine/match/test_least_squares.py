"""Least squares in the unit box, on problems whose answers are known."""

import pytest
import torch
from torch.testing import assert_close

from engine.match.least_squares import search


class Linear:
    """matrix at = goal."""

    def __init__(self, matrix, goal):
        self.matrix, self.goal = matrix, goal
        self.jacobians = 0

    def residuals(self, at):
        return self.matrix @ at.float() - self.goal

    def jacobian(self, at):
        self.jacobians += 1
        return self.matrix.T.clone()


class Curved(Linear):
    """exp(2 matrix at) = goal."""

    def residuals(self, at):
        return torch.exp(2.0 * (self.matrix @ at.float())) - self.goal

    def jacobian(self, at):
        self.jacobians += 1
        return self.matrix.T * 2.0 * torch.exp(2.0 * (self.matrix @ at.float()))


@pytest.fixture
def matrix():
    return torch.randn(400, 3, generator=torch.Generator().manual_seed(5))


def last(problem, start, **also):
    *_, point = search(problem, start, 30, start, **also)
    return point


START = torch.tensor([0.5, 0.5, 0.5], dtype=torch.float64)
TRUTH = torch.tensor([0.2, 0.9, 0.4], dtype=torch.float64)


def test_a_curved_problem_is_solved(matrix) -> None:
    problem = Curved(matrix, torch.exp(2.0 * (matrix @ TRUTH.float())))
    assert_close(last(problem, START).at, TRUTH, atol=1e-3, rtol=0)


def test_every_step_lowers_the_residual(matrix) -> None:
    problem = Curved(matrix, torch.exp(2.0 * (matrix @ TRUTH.float())))
    norms = [float(p.residuals.abs().mean()) for p in search(problem, START, 30, START)]
    assert norms[-1] < 0.01 * norms[0]
    assert norms[-1] == min(norms)


def test_a_jacobian_that_foresees_well_is_kept(matrix) -> None:
    problem = Linear(matrix, matrix @ TRUTH.float())
    points = list(search(problem, START, 30, START))
    assert problem.jacobians <= len(points)
    assert_close(points[-1].at, TRUTH, atol=1e-3, rtol=0)


def test_what_lies_beyond_the_box_ends_at_its_best_point_inside(matrix) -> None:
    beyond = torch.tensor([1.4, 0.9, 0.4])
    problem = Linear(matrix, matrix @ beyond)
    at = last(problem, START).at
    assert float(at[0]) == pytest.approx(1.0, abs=1e-9)
    # with the first number held there the others answer to that
    rest = torch.linalg.lstsq(matrix[:, 1:], matrix @ beyond - matrix[:, 0]).solution
    assert_close(at[1:].float(), rest.clamp(0, 1), atol=0.02, rtol=0)


def test_outliers_hardly_pull(matrix) -> None:
    goal = matrix @ TRUTH.float()
    goal[::10] += 5.0
    assert_close(last(Linear(matrix, goal), START).at, TRUTH, atol=0.02, rtol=0)


def test_a_number_without_effect_stays_at_home(matrix) -> None:
    matrix[:, 1] = 0.0
    at = last(Linear(matrix, matrix @ TRUTH.float()), START).at
    assert float(at[1]) == pytest.approx(0.5, abs=1e-6)


def test_a_ridge_draws_home(matrix) -> None:
    goal = matrix @ TRUTH.float() + torch.randn(400, generator=torch.Generator().manual_seed(1))
    loose, tight = (last(Linear(matrix, goal), START, ridge=r).at for r in (1e-3, 10.0))
    assert float((tight - START).norm()) < float((loose - START).norm())


def test_a_wrong_jacobian_still_comes_to_the_true_answer(matrix) -> None:
    """As a proxy's beside a renderer that cannot be differentiated."""

    class Proxied(Curved):
        def jacobian(self, at):
            return super().jacobian(at) * torch.tensor([[0.8], [1.3], [0.9]])

    problem = Proxied(matrix, torch.exp(2.0 * (matrix @ TRUTH.float())))
    assert_close(last(problem, START).at, TRUTH, atol=5e-3, rtol=0)
