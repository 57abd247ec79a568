namespace CircuitLasso;

/// <summary>The features of a grammar (number, gender, ...) and the values of each; a set of values is a bit mask.</summary>
internal sealed class GrammarFeatures
{
    /// <summary>Most features a grammar may have.</summary>
    internal const int MaximumFeatures = 32;

    /// <summary>Most values one feature may have: a set of values is a positive int.</summary>
    internal const int MaximumValues = 30;

    private readonly List<string> _names = [];
    private readonly List<string[]> _values = [];

    internal int Count => _names.Count;

    internal void Add(string name, string[] values)
    {
        _names.Add(name);
        _values.Add(values);
    }

    internal string Name(int feature) => _names[feature];

    internal string ValueName(int feature, int value) => _values[feature][value];

    internal int ValueCount(int feature) => _values[feature].Length;

    /// <summary>The index of the feature, or -1.</summary>
    internal int IndexOf(string name) => _names.IndexOf(name);

    /// <summary>The index of a value of the feature, or -1.</summary>
    internal int IndexOfValue(int feature, string value) => Array.IndexOf(_values[feature], value);
}
