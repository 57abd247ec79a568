using System.Globalization;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <content>The target's fit as a readout that other texts can be put to.</content>
internal sealed partial class FeatureCircuitLearning
{
    private CircuitReadout ReadoutOf(LearningTarget target, FeatureColumns columns, SharedReadout fit)
    {
        List<ReadoutCoefficient> coefficients = [];
        for (int output = 0; output < fit.Coefficients.ColumnCount; output++)
        {
            ReadOnlySpan<int> rows = fit.Coefficients.RowsOf(output);
            for (int i = 0; i < rows.Length; i++)
            {
                FeatureBlock block = columns.BlockOf(rows[i]);
                bool isError = rows[i] >= block.FirstError;
                coefficients.Add(new ReadoutCoefficient(block.Site.Name, isError, rows[i] - (isError ? block.FirstError : block.FirstFeature), output, fit.Coefficients.ValuesOf(output)[i], block.Site.Position));
            }
        }

        double mean = target.Numbers is { } numbers ? (_rows is null ? numbers : _rows.Select(row => numbers[row])).Average() : 0;
        bool isCut = int.TryParse(_store.Manifest.Provenance.Settings.GetValueOrDefault("maximum_tokens"), NumberStyles.None, CultureInfo.InvariantCulture, out int most) && most > 0;
        return new CircuitReadout(_store.Manifest.Pooling, fit.Intercepts, coefficients, target.ClassNames, mean, isCut ? most : null);
    }
}
