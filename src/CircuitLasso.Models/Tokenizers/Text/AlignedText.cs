using System.Text;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// A text on its way through normalizers and pre-tokenizers, in which every UTF-16 unit remembers the part of the original text that it came from.
/// It is always well-formed UTF-16.
/// </summary>
internal sealed class AlignedText
{
    // Real tokenizers lengthen a text by less than ten (bytes as characters, compatibility forms). A file of many Replace steps
    // could double it at each one: past this the file is at fault.
    private const int LargestGrowth = 64;
    private const int AlwaysAllowed = 65_536;

    private readonly string _file;
    private readonly int _originalLength;
    private char[] _characters;
    private Origin[] _origins;

    private AlignedText(string file, int originalLength, int capacity)
    {
        _file = file;
        _originalLength = originalLength;
        _characters = new char[capacity];
        _origins = new Origin[capacity];
    }

    /// <summary>Number of UTF-16 units.</summary>
    public int Length { get; private set; }

    /// <summary>All of the text. Valid until the next append.</summary>
    public ReadOnlySpan<char> Characters => _characters.AsSpan(0, Length);

    /// <summary>Starts from the user's text; half surrogate pairs become U+FFFD, as in any conversion to UTF-8.</summary>
    public static AlignedText From(string text, string file)
    {
        AlignedText result = new(file, text.Length, text.Length);
        int position = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            // A lone surrogate and U+FFFD are both one unit long, so the width of the rune is right in either case.
            int width = rune.Utf16SequenceLength;
            result.Append(rune, new Origin(position, position + width));
            position += width;
        }

        return result;
    }

    /// <summary>An empty text with the same original.</summary>
    public AlignedText NewEmpty() => new(_file, _originalLength, Length + 1);

    /// <summary>A part of this text, on its own.</summary>
    public AlignedText Slice(int start, int length)
    {
        AlignedText part = new(_file, _originalLength, length + 1);
        part.Append(this, start, length);
        return part;
    }

    /// <summary>Where one unit came from.</summary>
    public Origin OriginOf(int index) => _origins[index];

    /// <summary>The smallest part of the original text that covers what a range of units came from.</summary>
    public Origin OriginOf(int start, int length)
    {
        if (length == 0)
        {
            int place = start < Length ? _origins[start].Start : _originalLength;
            return new Origin(place, place);
        }

        Origin origin = _origins[start];
        for (int i = start + 1; i < start + length; i++)
        {
            origin = origin.Union(_origins[i]);
        }

        return origin;
    }

    /// <summary>Appends one character.</summary>
    public void Append(Rune rune, Origin origin)
    {
        Span<char> units = stackalloc char[2];
        Append(units[..rune.EncodeToUtf16(units)], origin);
    }

    /// <summary>Appends one UTF-16 unit that is a character by itself.</summary>
    public void Append(char character, Origin origin)
    {
        Reserve(1);
        _characters[Length] = character;
        _origins[Length] = origin;
        Length++;
    }

    /// <summary>Appends characters that all came from the same place.</summary>
    public void Append(ReadOnlySpan<char> characters, Origin origin)
    {
        Reserve(characters.Length);
        characters.CopyTo(_characters.AsSpan(Length));
        _origins.AsSpan(Length, characters.Length).Fill(origin);
        Length += characters.Length;
    }

    /// <summary>Appends a part of another text with the same original.</summary>
    public void Append(AlignedText source, int start, int length)
    {
        Reserve(length);
        source._characters.AsSpan(start, length).CopyTo(_characters.AsSpan(Length));
        source._origins.AsSpan(start, length).CopyTo(_origins.AsSpan(Length));
        Length += length;
    }

    private void Reserve(int added)
    {
        long needed = (long)Length + added;
        if (needed <= _characters.Length)
        {
            return;
        }

        long allowed = Math.Min(Array.MaxLength, AlwaysAllowed + ((long)LargestGrowth * _originalLength));
        if (needed > allowed)
        {
            throw new InputException(
                _file,
                $"its normalizer or pre-tokenizer makes a text of {_originalLength} characters more than {LargestGrowth} times longer",
                "check the file: no usual tokenizer does this");
        }

        int capacity = (int)Math.Min(allowed, Math.Max(needed, 2L * _characters.Length));
        Array.Resize(ref _characters, capacity);
        Array.Resize(ref _origins, capacity);
    }
}
