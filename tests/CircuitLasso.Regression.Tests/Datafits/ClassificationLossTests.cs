using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class ClassificationLossTests
{
    public static TheoryData<int> Classes => [2, 3, 6];

    [Theory]
    [MemberData(nameof(Classes))]
    public void Residuals_are_the_gradient_by_finite_differences(int classes)
    {
        foreach (IClassificationLoss loss in Losses(classes))
        {
            double[] scores = [.. RandomMatrix.Normal(loss.Rows, loss.ScoreColumns, 3).Select(v => 2 * v)];
            double[] residuals = new double[scores.Length], scratch = new double[scores.Length];
            loss.Evaluate(scores, residuals);
            for (int i = 0; i < scores.Length; i++)
            {
                const double step = 1e-5;
                double[] up = [.. scores], down = [.. scores];
                up[i] += step;
                down[i] -= step;
                Assert.Equal((loss.Evaluate(up, scratch) - loss.Evaluate(down, scratch)) / (2 * step), residuals[i], 1e-8);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Classes))]
    public void The_dual_is_below_the_loss_and_meets_it_where_residuals_vanish_against_the_scores(int classes)
    {
        foreach (IClassificationLoss loss in Losses(classes))
        {
            double[] scores = RandomMatrix.Normal(loss.Rows, loss.ScoreColumns, 5), residuals = new double[scores.Length];
            double value = loss.Evaluate(scores, residuals);

            // Fenchel and Young: L(z) + L*(r) = z'r where r is the gradient at z.
            double product = scores.Zip(residuals, (z, r) => z * r).Sum();
            Assert.Equal(product - value, -loss.Dual(residuals, 1), 1e-9);
            Assert.Equal(0, loss.Dual(residuals, 0), 1e-12);
        }
    }

    [Fact]
    public void Null_intercepts_make_the_residuals_of_every_class_sum_to_zero()
    {
        foreach (IClassificationLoss loss in Losses(4))
        {
            double[] intercepts = loss.NullIntercepts();
            double[] scores = [.. intercepts.SelectMany(b => Enumerable.Repeat(b, loss.Rows))], residuals = new double[scores.Length];
            loss.Evaluate(scores, residuals);
            for (int c = 0; c < loss.ScoreColumns; c++)
            {
                Assert.Equal(0, residuals.Skip(c * loss.Rows).Take(loss.Rows).Sum(), 1e-12);
            }
        }
    }

    [Fact]
    public void Scores_far_out_stay_finite()
    {
        double[] residuals = new double[2];
        Assert.Equal(1600, new LogisticLoss([0, 1]).Evaluate([800, -800], residuals));
        Assert.Equal([1.0, -1.0], residuals);
        double[] four = new double[4];
        Assert.Equal(1600, new MultinomialLoss([0, 1], 2).Evaluate([-800, 0, 0, -800], four));
    }

    [Fact]
    public void Labels_that_are_no_classes_are_refused()
    {
        Assert.Contains("row 1", Assert.Throws<InputException>(() => new LogisticLoss([0, 2])).Message, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => new MultinomialLoss([0, -2], 3));
        Assert.Throws<InputException>(() => new LogisticLoss([-1, -1]));
    }

    private static IEnumerable<IClassificationLoss> Losses(int classes)
    {
        Random random = new(1);
        int[] labels = [.. Enumerable.Range(0, 12).Select(i => i % 5 == 4 ? -1 : random.Next(classes))];
        yield return new MultinomialLoss(labels, classes);
        yield return new LogisticLoss([.. labels.Select(l => Math.Min(l, 1))]);
    }
}
