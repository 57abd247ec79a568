using System.Globalization;

namespace CircuitLasso;

/// <content>The readout, which a file need not have.</content>
internal sealed partial class CircuitFileReader
{
    private CircuitReadout? Readout(OrderedDictionary<string, string> meta)
    {
        if (!meta.TryGetValue(CircuitFileSchema.ReadoutPoolingKey, out string? word))
        {
            return null;
        }

        if (!Array.Exists(Enum.GetNames<Pooling>(), name => name.Equals(word, StringComparison.OrdinalIgnoreCase)))
        {
            throw Refuse($"has a readout that is pooled in no known way, '{word}'");
        }

        if (!double.TryParse(meta.GetValueOrDefault(CircuitFileSchema.ReadoutMeanKey), NumberStyles.Float, CultureInfo.InvariantCulture, out double mean))
        {
            throw Refuse($"has no number as '{CircuitFileSchema.ReadoutMeanKey}' in its table 'meta'");
        }

        List<double> intercepts = [];
        foreach (object[] row in OptionalRows("readout_output", "SELECT output, intercept FROM readout_output ORDER BY output"))
        {
            intercepts.Add(Integer(row[0]) == intercepts.Count ? Real(row[1]) : throw Refuse("has outputs of a readout that are not numbered from 0"));
        }

        List<string> classes = [];
        foreach (object[] row in OptionalRows("readout_class", "SELECT class, name FROM readout_class ORDER BY class"))
        {
            classes.Add(Integer(row[0]) == classes.Count ? Text(row[1]) : throw Refuse("has classes of a readout that are not numbered from 0"));
        }

        return new CircuitReadout(
            Enum.Parse<Pooling>(word, ignoreCase: true),
            intercepts,
            [
                .. OptionalRows("readout", "SELECT site, part, coordinate, output, coefficient FROM readout").Select(row => Coefficient(row, null)),
                .. OptionalRows("readout_position", "SELECT site, part, coordinate, output, coefficient, position FROM readout_position").Select(row => Coefficient(row, Small(row[5]))),
            ],
            classes,
            mean,
            meta.ContainsKey(CircuitFileSchema.ReadoutMaximumTokensKey) ? Number(meta, CircuitFileSchema.ReadoutMaximumTokensKey) : null);
    }

    private ReadoutCoefficient Coefficient(object[] row, int? position) => new(
        Text(row[0]),
        Text(row[1]) switch
        {
            CircuitReadoutRows.Feature => false,
            CircuitReadoutRows.Error => true,
            _ => throw Refuse("has a coefficient of a readout that is of neither a feature nor an error"),
        },
        Small(row[2]),
        Small(row[3]),
        Real(row[4]),
        position);
}
