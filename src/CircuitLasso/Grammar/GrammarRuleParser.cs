using System.Text.RegularExpressions;

namespace CircuitLasso;

/// <summary>
/// Reads the text of a rule: <c>left[f=?x,g=value] -> symbol ^symbol[f=?x]@cue ...</c>, where <c>?x</c> is a variable, <c>^</c> marks the
/// symbol that holds the head word (the only symbol of a rule needs no mark) and <c>@cue</c>, <c>@attractor</c>, <c>@critical</c> give roles.
/// </summary>
internal sealed partial class GrammarRuleParser
{
    /// <summary>Most symbols on the right side of a rule.</summary>
    internal const int MaximumSymbols = 32;

    private readonly string _subject;
    private readonly GrammarFeatures _features;
    private readonly Dictionary<string, GrammarCategory> _categories;

    internal GrammarRuleParser(string subject, GrammarFeatures features, Dictionary<string, GrammarCategory> categories)
    {
        _subject = subject;
        _features = features;
        _categories = categories;
    }

    /// <summary>The name of the category on the left side, without checking anything else.</summary>
    internal static string LeftName(string text) => text.Split(' ', '[')[0];

    /// <summary>Parses a rule; what the left sides state becomes the features of their category, so call <see cref="DeclareLeft"/> for all rules first.</summary>
    internal GrammarRule Parse(string text, int weight)
    {
        string[] parts = Split(text);
        List<string> variables = [];
        List<int> variableFeatures = [];
        GrammarSymbol left = ParseSymbol(text, parts[0], variables, variableFeatures);
        if (left.IsHead || left.Role != GrammarRole.None)
        {
            throw Error(text, "the left side of a rule takes neither ^ nor @");
        }

        GrammarSymbol[] right = [.. parts.Skip(2).Select(part => ParseSymbol(text, part, variables, variableFeatures))];
        if (right.Count(symbol => symbol.IsHead) > 1)
        {
            throw Error(text, "more than one symbol is marked with ^");
        }

        return new GrammarRule
        {
            Text = text,
            Weight = weight,
            Left = left.Terms,
            Right = right,
            VariableValueCounts = [.. variableFeatures.Select(_features.ValueCount)],
            HeadIndex = right.Length == 1 ? 0 : Array.FindIndex(right, symbol => symbol.IsHead),
        };
    }

    /// <summary>Adds the features that the left side of a rule states to those of its category.</summary>
    internal void DeclareLeft(string text)
    {
        string left = Split(text)[0];
        GrammarCategory category = _categories[LeftName(text)];
        foreach (Match term in SymbolText().Match(left).Groups["terms"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(t => TermText().Match(t)))
        {
            category.Features |= 1 << FeatureIndex(text, term.Groups["feature"].Value);
        }
    }

    private string[] Split(string text)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is < 3 or > MaximumSymbols + 2 || parts[1] != "->")
        {
            throw Error(text, $"it is not of the form 'left -> symbol symbol ...' with 1 to {MaximumSymbols} symbols");
        }

        return parts;
    }

    private GrammarSymbol ParseSymbol(string rule, string text, List<string> variables, List<int> variableFeatures)
    {
        Match match = SymbolText().Match(text);
        if (!match.Success)
        {
            throw Error(rule, $"'{text}' is not a symbol");
        }

        string name = match.Groups["name"].Value;
        if (!_categories.TryGetValue(name, out GrammarCategory? category))
        {
            throw Error(rule, $"unknown category '{name}'");
        }

        List<FeatureTerm> terms = [];
        foreach (string termText in match.Groups["terms"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            Match term = TermText().Match(termText);
            int feature = FeatureIndex(rule, term.Groups["feature"].Value);
            if ((category.Features & (1 << feature)) == 0 || terms.Exists(other => other.Feature == feature))
            {
                throw Error(rule, $"category '{name}' has no feature '{_features.Name(feature)}', or the symbol states it twice");
            }

            terms.Add(ParseValue(rule, feature, term, variables, variableFeatures));
        }

        GrammarRole role = match.Groups["role"].Value switch
        {
            "cue" => GrammarRole.Cue,
            "attractor" => GrammarRole.Attractor,
            "critical" => GrammarRole.Critical,
            _ => GrammarRole.None,
        };
        return new GrammarSymbol(category, [.. terms], match.Groups["head"].Success, role);
    }

    private FeatureTerm ParseValue(string rule, int feature, Match term, List<string> variables, List<int> variableFeatures)
    {
        string value = term.Groups["value"].Value;
        if (!term.Groups["variable"].Success)
        {
            int index = _features.IndexOfValue(feature, value);
            return index >= 0
                ? new FeatureTerm(feature, index, -1)
                : throw Error(rule, $"feature '{_features.Name(feature)}' has no value '{value}'");
        }

        int variable = variables.IndexOf(value);
        if (variable < 0)
        {
            variable = variables.Count;
            variables.Add(value);
            variableFeatures.Add(feature);
        }
        else if (!SameValues(variableFeatures[variable], feature))
        {
            // A variable is one value index for all its features, so the features must list the same values.
            throw Error(rule, $"?{value} stands for features whose lists of values differ");
        }

        return new FeatureTerm(feature, -1, variable);
    }

    private bool SameValues(int first, int second)
    {
        bool same = _features.ValueCount(first) == _features.ValueCount(second);
        for (int value = 0; same && value < _features.ValueCount(first); value++)
        {
            same = _features.ValueName(first, value) == _features.ValueName(second, value);
        }

        return same;
    }

    private int FeatureIndex(string rule, string name)
    {
        int feature = _features.IndexOf(name);
        return feature >= 0 ? feature : throw Error(rule, $"unknown feature '{name}'");
    }

    private Numerics.InputException Error(string rule, string problem) => new(_subject, $"rule '{rule}': {problem}", "correct the rule");

    [GeneratedRegex(@"^(?<head>\^)?(?<name>[a-z_]+)(\[(?<terms>[a-z_]+=\??[a-z_]+(,[a-z_]+=\??[a-z_]+)*)\])?(@(?<role>cue|attractor|critical))?\z")]
    private static partial Regex SymbolText();

    [GeneratedRegex(@"^(?<feature>[a-z_]+)=(?<variable>\?)?(?<value>[a-z_]+)\z")]
    private static partial Regex TermText();
}
