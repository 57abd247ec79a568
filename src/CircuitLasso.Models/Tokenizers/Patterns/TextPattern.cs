namespace CircuitLasso.Models;

/// <summary>Reads the pattern of a component, <c>{"String": ...}</c> or <c>{"Regex": ...}</c>.</summary>
internal static class TextPattern
{
    /// <summary>Reads the member "pattern" of a component.</summary>
    public static ITextPattern Read(JsonSection component)
    {
        JsonSection pattern = component.Required("pattern");
        return pattern.Optional("String") is { } literal ? new LiteralPattern(literal.Text())
            : pattern.Optional("Regex") is { } expression ? WordScanner.Find(expression.Text()) ?? (ITextPattern)new RegularExpressionPattern(expression.Text(), expression)
            : throw pattern.Error("is neither a \"String\" nor a \"Regex\"");
    }
}
