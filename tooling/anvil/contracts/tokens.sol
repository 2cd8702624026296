// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Small tokens for tests: one that follows ERC-20 and some of the ways in which real ones do not.

contract Token {
    string public name;
    string public symbol;
    uint8 public immutable decimals;
    mapping(address => uint256) public balanceOf;
    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor(string memory symbol_, uint8 decimals_, address holder, uint256 supply) {
        name = symbol_;
        symbol = symbol_;
        decimals = decimals_;
        balanceOf[holder] = supply;
    }

    function _move(address from, address to, uint256 taken, uint256 given) internal {
        require(balanceOf[from] >= taken, "not enough tokens");
        balanceOf[from] -= taken;
        balanceOf[to] += given;
        emit Transfer(from, to, given);
    }

    function transfer(address to, uint256 value) public virtual returns (bool) {
        _move(msg.sender, to, value, value);
        return true;
    }
}

/// The recipient gets a tenth less.
contract FeeToken is Token {
    constructor(string memory s, uint8 d, address h, uint256 n) Token(s, d, h, n) {}
    function transfer(address to, uint256 value) public override returns (bool) {
        _move(msg.sender, to, value, value - value / 10);
        return true;
    }
}

/// The sender loses twice what is asked for.
contract GreedyToken is Token {
    constructor(string memory s, uint8 d, address h, uint256 n) Token(s, d, h, n) {}
    function transfer(address to, uint256 value) public override returns (bool) {
        _move(msg.sender, to, 2 * value, value);
        return true;
    }
}

/// Says false instead of reverting, and moves nothing.
contract FalseToken is Token {
    constructor(string memory s, uint8 d, address h, uint256 n) Token(s, d, h, n) {}
    function transfer(address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// Says true and moves nothing.
contract IdleToken is Token {
    constructor(string memory s, uint8 d, address h, uint256 n) Token(s, d, h, n) {}
    function transfer(address, uint256) public pure override returns (bool) {
        return true;
    }
}

/// Like USDT: transfer returns nothing.
contract SilentToken {
    string public symbol;
    uint8 public immutable decimals;
    mapping(address => uint256) public balanceOf;
    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor(string memory symbol_, uint8 decimals_, address holder, uint256 supply) {
        symbol = symbol_;
        decimals = decimals_;
        balanceOf[holder] = supply;
    }

    function transfer(address to, uint256 value) public {
        require(balanceOf[msg.sender] >= value);
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
    }
}

/// Like MKR: the symbol is 32 bytes, not a string.
contract OldToken {
    bytes32 public constant symbol = "OLD";
    uint8 public constant decimals = 18;
    mapping(address => uint256) public balanceOf;

    constructor(string memory, uint8, address holder, uint256 supply) {
        balanceOf[holder] = supply;
    }

    function transfer(address to, uint256 value) public returns (bool) {
        require(balanceOf[msg.sender] >= value, "not enough tokens");
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        return true;
    }
}

/// A wallet that takes no coins.
contract Refuser {
    receive() external payable {
        revert("no coins, please");
    }
}

/// A wallet that writes something down for each coin it takes: more than 21,000 gas.
contract Counter {
    uint256 public taken;
    receive() external payable {
        taken += 1;
    }
}
