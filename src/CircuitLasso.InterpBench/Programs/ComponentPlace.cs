using System.Globalization;

namespace CircuitLasso.InterpBench;

/// <summary>A component's layer and head, in the order of computation; an MLP follows its layer's heads.</summary>
/// <param name="Layer">Layer from 0.</param>
/// <param name="Head">Head from 0, or null for the MLP.</param>
internal readonly record struct ComponentPlace(int Layer, int? Head) : IComparable<ComponentPlace>
{
    /// <summary>Reads <c>a1.h2</c> or <c>m0</c>; layer -1 for anything else.</summary>
    public static ComponentPlace Parse(string name)
    {
        int dot = name.IndexOf(".h", StringComparison.Ordinal);
        if (name.Length > 1 && name[0] == 'm' && Whole(name[1..]) is { } mlp)
        {
            return new ComponentPlace(mlp, null);
        }

        return dot > 1 && name[0] == 'a' && Whole(name[1..dot]) is { } layer && Whole(name[(dot + 2)..]) is { } head
            ? new ComponentPlace(layer, head)
            : new ComponentPlace(-1, null);
    }

    public int CompareTo(ComponentPlace other) =>
        Layer != other.Layer ? Layer.CompareTo(other.Layer) : (Head ?? int.MaxValue).CompareTo(other.Head ?? int.MaxValue);

    // Digits only and no leading zero, so that a place has one name.
    private static int? Whole(string text) =>
        text.Length is > 0 and <= 4 && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && (text.Length == 1 || text[0] != '0') ? number : null;
}
