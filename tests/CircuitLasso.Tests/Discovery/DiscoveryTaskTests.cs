using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

public sealed class DiscoveryTaskTests
{
    [Fact]
    public void Answers_are_asked_of_the_last_position()
    {
        using TinyLanguageModel tiny = new();
        DiscoveryTask task = Task();
        task.RequireFits(tiny.Model);
        Assert.Equal([[2], [1]], task.ScoredPositions);
        Assert.Equal([[7], [8]], task.Classes);
        Assert.Equal(TaskMetric.LogitDifference, task.Metric);
    }

    [Fact]
    public void What_does_not_fit_together_is_refused_with_the_pair()
    {
        using TinyLanguageModel tiny = new();
        DiscoveryTask task = Task();
        Refused(task with { Clean = [], Corrupt = [], ScoredPositions = [] }, "has no pair of texts");
        Refused(task with { Corrupt = [[1, 2, 4]] }, "2 clean texts, 1 corrupt");
        Refused(task with { Corrupt = [[1, 2, 4], [1]] }, "pair 1 has texts of 2 and 1 tokens");
        Refused(task with { Corrupt = [[1, 2, 99], [1, 2]] }, "pair 0 has a token outside");
        Refused(task with { ScoredPositions = [[2], [2]] }, "pair 1 has scored positions");
        Refused(task with { ScoredPositions = [[2, 1], [1]] }, "pair 0 has scored positions");
        Refused(task with { Classes = null }, "names no right answers");
        Refused(task with { WrongClasses = null }, "names no wrong answers");
        Refused(task with { WrongClasses = [[1], [13]] }, "pair 1 has not one wrong class");
        Refused(task with { Metric = TaskMetric.Squares }, "names no right numbers");
        Refused(task with { Metric = TaskMetric.Squares, Numbers = [[1], [float.NaN]] }, "pair 1 has not one finite number");
        int[] long13 = [.. Enumerable.Repeat(2, 13)];
        Refused(DiscoveryTask.OfAnswers("long", [long13], [long13], [1], [2]), "made for 12 positions");

        void Refused(DiscoveryTask wrong, string problem)
        {
            InputException exception = Assert.Throws<InputException>(() => wrong.RequireFits(tiny.Model));
            Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_method_that_is_not_in_the_table_is_refused_with_those_that_are()
    {
        InputException exception = Assert.Throws<InputException>(() => DiscoveryMethods.Named("guess"));
        Assert.StartsWith("--method guess: there is no such method; choose among", exception.Message, StringComparison.Ordinal);
        Assert.All(DiscoveryMethods.All, method => Assert.Same(method, DiscoveryMethods.Named(method.Name)));
    }

    private static DiscoveryTask Task() => DiscoveryTask.OfAnswers("t", [[1, 2, 3], [1, 2]], [[1, 2, 4], [1, 5]], [7, 8], [8, 7]);
}
