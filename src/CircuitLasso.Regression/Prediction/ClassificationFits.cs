namespace CircuitLasso.Regression;

/// <summary>Fits of one labelling on the rows outside some folds, lambda chosen by cross-validation inside.</summary>
internal sealed class ClassificationFits(
    DenseDesign design, int[] labels, int classes, FoldAssignment folds, double[] shares, SolverOptions path, CancellationToken cancellationToken)
{
    private const int LambdasWithoutProgress = 3;

    /// <summary>The labels of one fold, -1 elsewhere.</summary>
    public int[] Only(int fold) => [.. labels.Select((label, row) => folds.FoldOf(row) == fold ? label : -1)];

    /// <summary>Chooses lambda within the rows outside a fold and fits them all with it.</summary>
    public ClassificationSolution Fit(int? held, SolverOptions last)
    {
        IClassificationLoss training = Loss(Without(held, null));
        double largest = ProximalNewtonSolver.MaximumLambda(design, training);
        if (!(largest > 0))
        {
            // Nothing correlates with the labels, or one class is left: any lambda gives the model without features.
            return ProximalNewtonSolver.Solve(design, training, new L1Penalty(1), last);
        }

        int chosen = ChooseShare(held, largest);
        ClassificationSolution? solution = null;
        for (int k = 0; k <= chosen; k++)
        {
            solution = ProximalNewtonSolver.Solve(design, training, new L1Penalty(largest * shares[k]), k == chosen ? last : path, solution, cancellationToken);
        }

        return solution!;
    }

    private int ChooseShare(int? held, double largest)
    {
        int[] inner = [.. Enumerable.Range(0, folds.Folds).Where(fold => fold != held)];
        int rows = Without(held, null).Count(label => label >= 0);
        int[][] rest = [.. inner.Select(fold => Without(held, fold))];
        IClassificationLoss[] training = [.. rest.Select(Loss)];
        IClassificationLoss[] validation = [.. inner.Select(fold => Loss(Only(fold)))];
        ClassificationSolution?[] solutions = new ClassificationSolution?[inner.Length];
        double[] residuals = new double[training[0].ScoreColumns * design.Rows];
        int best = 0;
        double smallest = double.PositiveInfinity;
        for (int k = 0; k < shares.Length && k <= best + LambdasWithoutProgress; k++)
        {
            double error = 0;
            for (int f = 0; f < inner.Length; f++)
            {
                double lambda = largest * shares[k] * rest[f].Count(label => label >= 0) / rows;
                solutions[f] = ProximalNewtonSolver.Solve(design, training[f], new L1Penalty(lambda), path, solutions[f], cancellationToken);
                error += validation[f].Evaluate(solutions[f]!.Scores(design), residuals);
            }

            if (error < smallest)
            {
                (smallest, best) = (error, k);
            }
        }

        return best;
    }

    private int[] Without(int? held, int? inner) => [.. labels.Select((label, row) => folds.FoldOf(row) == held || folds.FoldOf(row) == inner ? -1 : label)];

    private IClassificationLoss Loss(int[] subset) => classes == 2 ? new LogisticLoss(subset) : new MultinomialLoss(subset, classes);
}
